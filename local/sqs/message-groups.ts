import type { StoredQueue } from './fauxqs-queues.ts';

type Message = StoredQueue['messages'][number];

/** A message as it is sent. */
interface Sent {
  readonly MessageBody?: unknown;
  readonly MessageGroupId?: string | undefined;
}

/**
 * Sends messages to a standard queue, by a synchronous call of fauxqs, such that their groups are kept: fauxqs stores and gives back a group as
 * SQS does, but takes it for FIFO queues only.
 */
export function withGroups<Result>(queue: StoredQueue, messages: readonly Sent[], send: () => Result): Result {
  const { enqueue } = queue;
  const left = [...messages];
  queue.enqueue = (message) => {
    const index = left.findIndex(({ MessageBody }) => MessageBody === message.body);
    const [sent] = index < 0 ? [] : left.splice(index, 1);
    if (sent?.MessageGroupId !== undefined) message.messageGroupId = sent.MessageGroupId;
    enqueue.call(queue, message);
  };
  try {
    return send();
  } finally {
    queue.enqueue = enqueue;
  }
}

/**
 * Brings forward what a fair queue would deliver next: of the waiting messages, the oldest of the group that has the fewest
 * in flight, `count` times. Like the fair queues of SQS it only reorders and limits nobody; SQS calls a group noisy from 30 messages
 * in flight on, which a laptop never has, so here any difference counts. Messages without a group are groups of their own.
 */
export function orderFairly(queue: StoredQueue, count: number): void {
  const groupOf = ({ messageGroupId, messageId }: Message): string => messageGroupId ?? messageId;
  const inFlight = new Map<string, number>();
  const fly = (message: Message): unknown => inFlight.set(groupOf(message), (inFlight.get(groupOf(message)) ?? 0) + 1);
  for (const { message } of queue.inflightMessages.values()) fly(message);
  const waiting = [...queue.messages];
  const next: Message[] = [];
  while (next.length < count && waiting.length > 0) {
    let best = 0;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const [index, message] of waiting.entries()) {
      const load = inFlight.get(groupOf(message)) ?? 0;
      if (load < bestLoad) [best, bestLoad] = [index, load];
      if (bestLoad === 0) break;
    }
    for (const message of waiting.splice(best, 1)) {
      fly(message);
      next.push(message);
    }
  }
  queue.messages = [...next, ...waiting];
}
