import type { StoredQueue } from './fauxqs-queues.ts';

type Message = StoredQueue['messages'][number];

/** The message attribute under which the group of a message in a standard queue is kept: fauxqs itself drops it there. */
export const GROUP_ATTRIBUTE = 'local.MessageGroupId';

export const groupOf = (message: Message): string | undefined =>
  message.messageAttributes[GROUP_ATTRIBUTE]?.StringValue;

/**
 * Brings forward what a fair queue would deliver next: of the waiting messages, the oldest of the group that has the fewest
 * in flight, `count` times. Like the fair queues of SQS it only reorders and limits nobody; SQS calls a group noisy from 30 messages
 * in flight on, which a laptop never has, so here any difference counts. Messages without a group are groups of their own.
 */
export function orderFairly(queue: StoredQueue, count: number): void {
  const inFlight = new Map<string, number>();
  for (const { message } of queue.inflightMessages.values()) {
    const group = groupOf(message);
    if (group !== undefined) inFlight.set(group, (inFlight.get(group) ?? 0) + 1);
  }
  const waiting = [...queue.messages];
  const next: Message[] = [];
  while (next.length < count && waiting.length > 0) {
    let best = 0;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const [index, message] of waiting.entries()) {
      const load = inFlight.get(groupOf(message) ?? message.messageId) ?? 0;
      if (load < bestLoad) [best, bestLoad] = [index, load];
      if (bestLoad === 0) break;
    }
    for (const message of waiting.splice(best, 1)) {
      const group = groupOf(message) ?? message.messageId;
      inFlight.set(group, (inFlight.get(group) ?? 0) + 1);
      next.push(message);
    }
  }
  queue.messages = [...next, ...waiting];
}
