import type { Settings } from '../platform/settings.ts';
import { notAfter, notBefore, type Timeline } from './codec.ts';
import { isTerminal, type Phase, type RetryEligibility, type Row } from './row.ts';
import { deferredRound, pollDeadlineOf } from './schedule.ts';

/** What can happen to a row. The failures carry what to tell the caller about retrying; their texts are kept in the chunk's outcome. */
export type RowEvent =
  | { readonly kind: 'intended' }
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'accepted'; readonly tight: boolean }
  | { readonly kind: 'adopted' }
  | { readonly kind: 'not-processed'; readonly eligibility: RetryEligibility }
  | { readonly kind: 'answer-lost' }
  | { readonly kind: 'already-running' }
  | { readonly kind: 'refused'; readonly eligibility: RetryEligibility }
  | { readonly kind: 'no-session' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'balances-fetched' }
  | { readonly kind: 'balances-failed' }
  | { readonly kind: 'given-up' };

export interface TransitionContext {
  readonly now: number;
  readonly timeline: Timeline;
  readonly settings: Settings;
}

/** Two answers without a session, or two failed balance calls, end the waiting for them (`design.md`, `upstream.md`). */
const TRIES = 2;

const failed = (row: Row, eligibility: RetryEligibility): Row => ({ ...row, phase: 'failed', eligibility });

/** The next attempt, after its wait, or the end if this one was the last. */
function tryAgain(row: Row, eligibility: RetryEligibility, { now, timeline, settings }: TransitionContext): Row {
  const wait = settings.retryBackoff[row.attempt - 1];
  return wait === undefined
    ? failed(row, eligibility)
    : { ...row, phase: 'ready', attempt: row.attempt + 1, round: 0, touchedAt: notBefore(timeline, now + wait) };
}

/** From which phases an event may come. An event from any other phase is a fault of ours. */
const FROM: Readonly<Record<RowEvent['kind'], readonly Phase[]>> = {
  intended: ['ready'],
  'not-sent': ['requesting'],
  accepted: ['requesting'],
  adopted: ['requesting', 'reconciling'],
  'not-processed': ['requesting'],
  'answer-lost': ['requesting'],
  'already-running': ['requesting'],
  refused: ['requesting', 'reconciling', 'polling'],
  'no-session': ['reconciling'],
  pending: ['polling'],
  unanswered: ['reconciling', 'polling'],
  delivered: ['polling'],
  'balances-fetched': ['fetchingBalances'],
  'balances-failed': ['fetchingBalances'],
  'given-up': ['ready', 'requesting', 'reconciling', 'polling', 'fetchingBalances'],
};

/**
 * The one table of row transitions. Pure; a terminal row never changes.
 * @throws RangeError when the event cannot happen in the row's phase
 */
export function transition(row: Row, event: RowEvent, moment: TransitionContext): Row {
  if (isTerminal(row) || !FROM[event.kind].includes(row.phase)) {
    throw new RangeError(`${event.kind} cannot happen to a row that is ${row.phase}`);
  }
  const { settings, timeline, now } = moment;
  const touched: Row = { ...row, touchedAt: notBefore(timeline, now) };
  switch (event.kind) {
    case 'intended':
      return { ...touched, phase: 'requesting', round: 0, requestedAt: notAfter(timeline, now) };
    case 'not-sent':
      return { ...row, phase: 'ready', touchedAt: notAfter(timeline, now) };
    case 'accepted':
      return {
        ...touched,
        phase: 'polling',
        round: event.tight ? deferredRound(settings) : 0,
        requestedAt: touched.touchedAt,
      };
    case 'adopted':
      // A session that was running before our request is polled from here on; how long it has been running is not known.
      return {
        ...touched,
        phase: 'polling',
        round: 0,
        requestedAt: row.requestedAt === timeline.origin ? touched.touchedAt : row.requestedAt,
      };
    case 'not-processed':
      return tryAgain(touched, event.eligibility, moment);
    case 'answer-lost':
      return { ...touched, phase: 'reconciling', round: 0 };
    case 'already-running':
      // The consent's running session was opened before our request, so any since the batch was accepted will do.
      return { ...touched, phase: 'reconciling', round: 0, requestedAt: timeline.origin };
    case 'refused':
      return failed(touched, event.eligibility);
    case 'no-session':
      return row.round + 1 >= TRIES ? tryAgain(touched, 'Yes', moment) : { ...touched, round: row.round + 1 };
    case 'pending':
      return now >= pollDeadlineOf(row, settings) ? failed(touched, 'Yes') : { ...touched, round: row.round + 1 };
    case 'unanswered':
      // A probe's round counts the answers without a session; a poll's makes its waits grow.
      return row.phase === 'polling' ? { ...touched, round: row.round + 1 } : touched;
    case 'delivered':
      return settings.balances
        ? { ...touched, phase: 'fetchingBalances', round: 0 }
        : { ...touched, phase: 'completed' };
    case 'balances-fetched':
      return { ...touched, phase: 'completed' };
    case 'balances-failed':
      return row.round + 1 >= TRIES ? { ...touched, phase: 'completed' } : { ...touched, round: row.round + 1 };
    case 'given-up':
      // The data is there; only its balances are missing, and a balance never fails a row.
      return row.phase === 'fetchingBalances' ? { ...touched, phase: 'completed' } : failed(touched, 'Yes');
  }
}
