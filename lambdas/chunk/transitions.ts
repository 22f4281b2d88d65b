import type { Settings } from '../platform/settings.ts';
import { deferredTries, pollDeadlineOf } from './plan.ts';
import { isTerminal, type Phase, type RetryEligibility, type Row } from './row.ts';

/** What can happen to a row. Failures say whether a retry helps; their messages are in the chunk's outcome. */
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
  /** During an outage nobody is answered, so it doesn't count against the row. */
  | { readonly kind: 'unanswered'; readonly isOutage: boolean }
  | { readonly kind: 'doubted' }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'balances-fetched' }
  | { readonly kind: 'balances-failed' }
  | { readonly kind: 'given-up' };

export interface TransitionContext {
  /** When the event happened, epoch milliseconds. */
  readonly now: number;
  /** When the row's batch was accepted. */
  readonly acceptedAt: number;
  readonly settings: Settings;
}

/** Two answers without a session, or two failed balance calls, are the end of asking (docs/spec/upstream.md). */
const MAX_TRIES = 2;

/** So many polls at or after the deadline that aren't answered are the end, too. */
const MAX_LAST_POLLS = 10;

const failed = (row: Row, eligibility: RetryEligibility): Row => ({ ...row, phase: 'failed', eligibility });

/** The next attempt after its wait, or the end if this was the last one. */
function tryAgain(row: Row, eligibility: RetryEligibility, { now, settings }: TransitionContext): Row {
  const wait = settings.retryBackoff[row.attempt - 1];
  return wait === undefined
    ? failed(row, eligibility)
    : { ...row, phase: 'ready', attempt: row.attempt + 1, tries: 0, notBefore: now + wait };
}

/** Until the deadline tries make the waits grow; from then on they count polls without an answer. */
function unansweredPoll(row: Row, isOutage: boolean, { now, settings }: TransitionContext): Row {
  const asked: Row = { ...row, lastAskedAt: now };
  const deadline = pollDeadlineOf(row, settings);
  if (now < deadline) return { ...asked, tries: row.tries + 1 };
  if (isOutage) return row.lastAskedAt < deadline ? { ...asked, tries: 0 } : asked;
  const tries = row.lastAskedAt < deadline ? 1 : row.tries + 1;
  return tries >= MAX_LAST_POLLS ? failed(asked, 'Yes') : { ...asked, tries };
}

/** A refusal that no rule knows may be a mistake: only one that is repeated, or comes last, ends the row. */
function doubted(row: Row, { now, settings }: TransitionContext): Row {
  const asked: Row = { ...row, lastAskedAt: now };
  const isPolled = row.phase === 'polling';
  const isLast = row.eligibility !== null || (isPolled && now >= pollDeadlineOf(row, settings));
  return isLast ? failed(asked, 'Yes') : { ...asked, eligibility: 'Yes', tries: isPolled ? row.tries + 1 : row.tries };
}

/** The phases in which an event can happen. Any other combination is a bug. */
const FROM: Readonly<Record<RowEvent['kind'], readonly Phase[]>> = {
  intended: ['ready'],
  'not-sent': ['requesting'],
  accepted: ['requesting'],
  adopted: ['requesting', 'reconciling', 'joining'],
  'not-processed': ['requesting'],
  'answer-lost': ['requesting'],
  'already-running': ['requesting'],
  refused: ['requesting', 'reconciling', 'joining', 'polling'],
  'no-session': ['reconciling', 'joining'],
  pending: ['polling'],
  unanswered: ['reconciling', 'joining', 'polling'],
  doubted: ['reconciling', 'joining', 'polling'],
  delivered: ['polling'],
  'balances-fetched': ['fetchingBalances'],
  'balances-failed': ['fetchingBalances'],
  'given-up': ['ready', 'requesting', 'reconciling', 'joining', 'polling', 'fetchingBalances'],
};

/**
 * The one table of row transitions (docs/architecture.md, "The life of a row"). Pure; a terminal row never changes.
 * @throws RangeError when the event can't happen in the row's phase
 */
export function transition(row: Row, event: RowEvent, context: TransitionContext): Row {
  if (isTerminal(row) || !FROM[event.kind].includes(row.phase)) {
    throw new RangeError(`${event.kind} cannot happen to a row that is ${row.phase}`);
  }
  const { settings, now } = context;
  const asked: Row = { ...row, eligibility: null, lastAskedAt: now };
  switch (event.kind) {
    case 'intended':
      return { ...row, phase: 'requesting', tries: 0, requestedAt: now };
    case 'not-sent':
      return { ...row, phase: 'ready' };
    case 'accepted':
      return { ...asked, phase: 'polling', tries: event.tight ? deferredTries(settings) : 0, requestedAt: now };
    case 'adopted':
      // Somebody else's session is polled from now on, since we don't know how long it has been running.
      return { ...asked, phase: 'polling', tries: 0, requestedAt: row.phase === 'joining' ? now : row.requestedAt };
    case 'not-processed':
      return tryAgain(asked, event.eligibility, context);
    case 'answer-lost':
      return { ...asked, phase: 'reconciling', tries: 0 };
    case 'already-running':
      return { ...asked, phase: 'joining', tries: 0 };
    case 'refused':
      return failed(asked, event.eligibility);
    case 'no-session':
      return row.tries + 1 >= MAX_TRIES ? tryAgain(asked, 'Yes', context) : { ...asked, tries: row.tries + 1 };
    case 'pending':
      return now >= pollDeadlineOf(row, settings) ? failed(asked, 'Yes') : { ...asked, tries: row.tries + 1 };
    case 'unanswered':
      return row.phase === 'polling' ? unansweredPoll(row, event.isOutage, context) : { ...row, lastAskedAt: now };
    case 'doubted':
      return doubted(row, context);
    case 'delivered':
      return settings.balances ? { ...asked, phase: 'fetchingBalances', tries: 0 } : { ...asked, phase: 'completed' };
    case 'balances-fetched':
      return { ...asked, phase: 'completed' };
    case 'balances-failed':
      return row.tries + 1 >= MAX_TRIES ? { ...asked, phase: 'completed' } : { ...asked, tries: row.tries + 1 };
    case 'given-up':
      // Only the balances are missing, and a balance never fails a row.
      return row.phase === 'fetchingBalances' ? { ...asked, phase: 'completed' } : failed(asked, 'Yes');
  }
}
