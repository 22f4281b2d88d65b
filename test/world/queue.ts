import { MESSAGES_PER_CALL } from '#lambdas/chunk/queue.sqs.ts';
import type { VirtualClock } from './clock.ts';
import type { Disturbance } from './disturbance.ts';
import type { History } from './history.ts';

/** What the parts of a world share. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly disturbance: Disturbance;
  readonly history: History;
}

/** A queue with its consumer: at least once, in any order, late; aside after too many failures. */
export interface EventQueue {
  send(bodies: readonly string[]): void;
  /** Calls of SQS so far that sent messages. */
  readonly sends: number;
  /** Every body that was sent, in order. */
  readonly sent: readonly string[];
  /** Messages that are neither done nor set aside, deliveries to come included. */
  readonly waiting: number;
  readonly deadLetters: readonly string[];
  /** Delivers one message; false: it failed, and stays in the queue. Rejects when the consumer died. Null: nobody consumes, messages lie where they are. */
  consumer: ((messageId: string, body: string) => Promise<boolean>) | null;
}

export interface QueueLimits {
  /** A message that was not handled comes back after this, in milliseconds. */
  readonly visibility: number;
  readonly maxReceives: number;
  /** Messages that are consumed at once, at most. */
  readonly maxConcurrency: number;
}

export function eventQueue(
  name: string,
  { visibility, maxReceives, maxConcurrency }: QueueLimits,
  { clock, disturbance, history }: Surroundings,
): EventQueue {
  const sent: string[] = [];
  const deadLetters: string[] = [];
  let sends = 0;
  let waiting = 0;
  let busy = 0;
  const inLine: (() => void)[] = [];

  /** Consumes a message as soon as one of the consumers is free. */
  const consume = async (messageId: string, body: string): Promise<boolean> => {
    if (busy >= maxConcurrency) await new Promise<void>((free) => inLine.push(free));
    else busy += 1;
    try {
      return (await queue.consumer?.(messageId, body)) ?? false;
    } catch {
      return false;
    } finally {
      const next = inLine.shift();
      if (next) next();
      else busy -= 1;
    }
  };

  /** One copy of a message, delivered until it is done. */
  const deliver = async (messageId: string, body: string, after: number): Promise<void> => {
    waiting += 1;
    await clock.wait(after);
    for (let receives = 1; receives <= maxReceives; receives += 1) {
      if (!queue.consumer) return;
      if (await consume(messageId, body)) {
        waiting -= 1;
        return;
      }
      await clock.wait(visibility);
    }
    history.note(name, `${messageId} is set aside`);
    deadLetters.push(body);
    waiting -= 1;
  };

  const queue: EventQueue = {
    sent,
    deadLetters,
    get waiting() {
      return waiting;
    },
    consumer: null,
    get sends() {
      return sends;
    },
    send: (bodies) => {
      sends += Math.ceil(bodies.length / MESSAGES_PER_CALL);
      for (const body of bodies) {
        sent.push(body);
        const messageId = `${name}-${sent.length}`;
        for (const after of disturbance.deliveries(name, body)) {
          history.note(name, `${messageId} comes after ${after} ms: ${body}`);
          void deliver(messageId, body, after);
        }
      }
    },
  };
  return queue;
}
