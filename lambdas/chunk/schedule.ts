import type { Settings } from '../platform/settings.ts';
import type { Row } from './row.ts';

/** The wait before the poll of a round: 5, 10, 20, 40 … s, doubling up to the maximum (seeds, FI Request Status, "Polling Strategy"). */
export const pollInterval = (round: number, { poll }: Settings): number =>
  Math.min(poll.first * 2 ** Math.min(round, 30), poll.maximum);

/**
 * The round whose poll stands at the age of the deferred first poll. When the budget is tight the polls before it are left out:
 * most would only hear "pending", and each would displace another row's FI request (`design.md`, promise 5).
 */
export function deferredRound(settings: Settings): number {
  let age = 0;
  let round = 0;
  while (age + pollInterval(round, settings) < Math.min(settings.poll.deferred, settings.poll.deadline)) {
    age += pollInterval(round, settings);
    round += 1;
  }
  return round;
}

/** When polling of a row ends: an answer at or after this time that still says pending is its last. */
export const pollDeadlineOf = (row: Row, { poll }: Settings): number => row.requestedAt + poll.deadline;

/** When a row in `polling` is to be asked about next, in epoch milliseconds. */
export function pollDueAt(row: Row, settings: Settings): number {
  const deadline = pollDeadlineOf(row, settings);
  // Asked at or after the deadline and not answered: the last poll is still owed.
  if (row.touchedAt >= deadline) return row.touchedAt + 2 * settings.reconcileDelay;
  const deferred = row.round > 0 && row.touchedAt === row.requestedAt;
  const wait = deferred ? settings.poll.deferred : pollInterval(row.round, settings);
  return Math.min(row.touchedAt + wait, deadline);
}

/**
 * When something is to be done about a row next, in epoch milliseconds; `Infinity`, never, for a terminal row.
 * A row in `requesting` belongs to the lease under which it was sent, so nothing is due until that lease is gone.
 */
export function dueAt(row: Row, settings: Settings): number {
  switch (row.phase) {
    case 'ready':
      return row.touchedAt;
    case 'reconciling':
      return row.touchedAt + settings.reconcileDelay;
    case 'polling':
      return pollDueAt(row, settings);
    case 'fetchingBalances':
      return row.round === 0 ? row.touchedAt : row.touchedAt + settings.poll.first;
    case 'requesting':
    case 'completed':
    case 'failed':
      return Number.POSITIVE_INFINITY;
  }
}

/** Whether a poll comes before a row's data can well be expected. Such polls give way when the budget is tight. */
export const isEarlyPoll = (row: Row): boolean => row.phase === 'polling' && row.round === 0;
