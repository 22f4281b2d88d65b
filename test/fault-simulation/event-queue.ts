import type { VirtualClock } from '../world/virtual-clock.ts';
import type { FaultMix } from './fault-mix.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';
import type { Network } from './unreliable-calls.ts';

/** Six times the consumers' 60 s (lib/work-queue.ts). */
const VISIBILITY = 360_000;
const MOST_RECEIVES = 5;
const LATEST = 600_000;

/** A queue with its consumer: at least once, in any order, late; aside after five failures. */
export interface EventQueue {
  send(body: string): void;
  /** Messages that are neither done nor set aside, deliveries to come included. */
  readonly waiting: number;
  readonly deadLetters: readonly string[];
  /** Delivers one message; false: it failed, and stays in the queue. Rejects when the consumer died. */
  consume: (messageId: string, body: string) => Promise<boolean>;
}

export function eventQueue(name: string, { clock, mix, random, network, history }: QueueWorld): EventQueue {
  let sent = 0;
  let waiting = 0;
  const deadLetters: string[] = [];

  /** One copy of a message, delivered until it is done. */
  const deliver = async (messageId: string, body: string, after: number): Promise<void> => {
    waiting += 1;
    await clock.wait(after);
    for (let receives = 1; receives <= MOST_RECEIVES; receives += 1) {
      const isDone = await queue.consume(messageId, body).catch(() => false);
      if (isDone) {
        waiting -= 1;
        return;
      }
      await clock.wait(VISIBILITY);
    }
    history.note(name, `${messageId} is set aside`);
    deadLetters.push(body);
    waiting -= 1;
  };

  const queue: EventQueue = {
    deadLetters,
    get waiting() {
      return waiting;
    },
    consume: async () => true,
    send: (body) => {
      sent += 1;
      const messageId = `${name}-${sent}`;
      const copies = random.chance(network.shareNow(mix.messages.doubled)) ? random.int(2, 3) : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        const isLate = random.chance(network.shareNow(mix.messages.late));
        const after = isLate ? random.int(1_000, LATEST) : random.int(5, 50);
        history.note(name, `${messageId} comes after ${after} ms: ${body}`);
        void deliver(messageId, body, after);
      }
    },
  };
  return queue;
}

export interface QueueWorld {
  readonly clock: VirtualClock;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly network: Network;
  readonly history: History;
}
