import type { Settings } from '../platform/settings.ts';
import type { Row } from './row.ts';

/** The wait before a poll: 5, 10, 20, 40 … s, doubling up to the maximum (docs/spec/fi-request-status.md, "Polling"). */
export const pollInterval = (tries: number, { poll }: Settings): number =>
  Math.min(poll.first * 2 ** Math.min(tries, 30), poll.maximum);

/**
 * The number of tries at which the poll stands at the age of the deferred first poll. When the budget is tight the polls before it are left out:
 * most would only hear "pending", and each would displace another row's FI request.
 */
export function deferredTries(settings: Settings): number {
  let age = 0;
  let tries = 0;
  while (age + pollInterval(tries, settings) < Math.min(settings.poll.deferred, settings.poll.deadline)) {
    age += pollInterval(tries, settings);
    tries += 1;
  }
  return tries;
}

/** When polling of a row ends: an answer at or after this time that still says pending is its last. */
export const pollDeadlineOf = (row: Row, { poll }: Settings): number => row.requestedAt + poll.deadline;

function pollDueAt(row: Row, settings: Settings): number {
  const deadline = pollDeadlineOf(row, settings);
  // Asked at or after the deadline and not answered: the last poll is still owed.
  if (row.lastAskedAt >= deadline) return row.lastAskedAt + 2 * settings.reconcileDelay;
  const isDeferred = row.tries > 0 && row.lastAskedAt === row.requestedAt;
  const wait = isDeferred ? settings.poll.deferred : pollInterval(row.tries, settings);
  return Math.min(row.lastAskedAt + wait, deadline);
}

/**
 * When something is to be done about a row next, in epoch milliseconds; `Infinity`, never, for a terminal row.
 * A row in `requesting` belongs to the lease under which it was sent, so nothing is due until that lease is gone.
 */
export function dueAt(row: Row, settings: Settings): number {
  switch (row.phase) {
    case 'ready':
      return row.notBefore;
    case 'reconciling':
      return row.lastAskedAt + settings.reconcileDelay;
    case 'polling':
      return pollDueAt(row, settings);
    case 'fetchingBalances':
      return row.tries === 0 ? row.lastAskedAt : row.lastAskedAt + settings.poll.first;
    case 'requesting':
    case 'completed':
    case 'failed':
      return Number.POSITIVE_INFINITY;
  }
}

/** Whether a poll comes before a row's data can well be expected. Such polls give way when the budget is tight. */
export const isEarlyPoll = (row: Row): boolean => row.phase === 'polling' && row.tries === 0;

/** Rows that fall due within this share of the wait for the first are waited for. */
const SHARE_OF_WAIT = 0.25;

/**
 * When a chunk is to be advanced for its rows; `Infinity` when all are terminal. Rows due shortly after the first are waited for: their waits
 * are minimums, and each advance costs transitions and writes. The longer the first has to wait, the longer they may be waited for, since a slow
 * upstream spreads the rows of a chunk over more time.
 */
export function rowsDueAt(rows: readonly Row[], now: number, settings: Settings): number {
  const times = rows.map((row) => dueAt(row, settings));
  const first = times.reduce((earliest, time) => Math.min(earliest, time), Number.POSITIVE_INFINITY);
  if (first <= now || first === Number.POSITIVE_INFINITY) return first;
  const reach = Math.max(settings.poll.first, (first - now) * SHARE_OF_WAIT);
  const together = times.filter((time) => time <= first + reach);
  return together.reduce((latest, time) => Math.max(latest, time), first);
}
