import type { Settings } from '../settings.ts';
import { pollDueAt } from './poll-schedule.ts';
import type { Row } from './row.ts';

/**
 * When something is to be done about a row next, in epoch milliseconds; `Infinity`, never, for a terminal row.
 * A row in `requesting` belongs to the claim under which it was sent, so nothing is due until that claim is gone.
 */
export function dueAt(row: Row, settings: Settings): number {
  switch (row.phase) {
    case 'ready':
      return row.touchedAt;
    case 'probing':
      return row.touchedAt + settings.probeDelay;
    case 'polling':
      return pollDueAt(row, settings);
    case 'fetching':
      return row.round === 0 ? row.touchedAt : row.touchedAt + settings.poll.first;
    case 'requesting':
    case 'completed':
    case 'failed':
      return Number.POSITIVE_INFINITY;
  }
}

/** Whether a poll comes before a row's data can well be expected. Such polls give way when the budget is tight. */
export const isEarlyPoll = (row: Row): boolean => row.phase === 'polling' && row.round === 0;
