/**
 * A row's internal phase. Its public status (docs/spec/overview.md, "Statuses") follows from it.
 *
 * - ready: no FI request is open; one goes out when it's due
 * - requesting: the intent to send the FI request is stored; the call's result isn't known yet
 * - reconciling: the answer was lost; the consent's latest session is looked up before anything is sent again
 * - joining: FinPro has a session of somebody else running for the consent; it's looked up and polled
 * - polling: the session is known; it's polled until it ends or the deadline passes
 * - fetchingBalances: the data is ready; the balances are still missing
 */
export const PHASES = [
  'ready',
  'requesting',
  'reconciling',
  'polling',
  'fetchingBalances',
  'completed',
  'failed',
  // Stored by their place in this list.
  'joining',
] as const;
export type Phase = (typeof PHASES)[number];

export const ROW_STATUSES = ['READY', 'IN_PROGRESS', 'COMPLETED', 'FAILED'] as const;
export type RowStatus = (typeof ROW_STATUSES)[number];

export const RETRY_ELIGIBILITIES = ['Yes', 'No', 'YesWithModifications'] as const;
export type RetryEligibility = (typeof RETRY_ELIGIBILITIES)[number];

/** The state of one row. Times are epoch milliseconds. */
export interface Row {
  readonly phase: Phase;
  /**
   * Whether a retry helps. Null unless the row failed, or is in doubt: FinPro refused its last status call with a code
   * that no rule knows, and the row ends if it does so again.
   */
  readonly eligibility: RetryEligibility | null;
  /** Which FI request of the row this is, from 1. */
  readonly attempt: number;
  /**
   * Polls in `polling`, from the deadline on those without an answer; answers without a session in `reconciling` and
   * `joining`; failed calls in `fetchingBalances`.
   */
  readonly tries: number;
  /**
   * When the FI request of this attempt went out: a lower bound while its answer isn't known, an upper bound
   * afterwards.
   */
  readonly requestedAt: number;
  /** When the upstream was last asked about the row; waits count from here. Not used in `ready` and `requesting`. */
  readonly lastAskedAt: number;
  /** When the FI request may go out. Not used after `requesting`. */
  readonly notBefore: number;
}

export const newRow = (at: number): Row => ({
  phase: 'ready',
  eligibility: null,
  attempt: 1,
  tries: 0,
  requestedAt: at,
  lastAskedAt: at,
  notBefore: at,
});

const STATUS_OF: Readonly<Record<Phase, RowStatus>> = {
  ready: 'READY',
  requesting: 'IN_PROGRESS',
  reconciling: 'IN_PROGRESS',
  joining: 'IN_PROGRESS',
  polling: 'IN_PROGRESS',
  fetchingBalances: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
};

/** The public status of a row. */
export const statusOf = (row: Row): RowStatus => STATUS_OF[row.phase];

/** What a client is told of a retry; null unless the row failed. */
export const retryEligibleOf = (row: Row): RetryEligibility | null => (row.phase === 'failed' ? row.eligibility : null);

export const isTerminal = (row: Row): boolean => row.phase === 'completed' || row.phase === 'failed';

/** No FI request of this attempt is known to have gone out. */
export const isUnsent = ({ phase }: Row): boolean => phase === 'ready' || phase === 'requesting';

/** The upstream may have a session for the row that we don't know. */
export const hasOpenIntent = ({ phase }: Row): boolean =>
  phase === 'requesting' || phase === 'reconciling' || phase === 'joining';

/** The row has a session or has ended: another row with the same consent may be sent. */
export const isSettled = (row: Row): boolean => row.phase !== 'ready' && !hasOpenIntent(row);

/**
 * A row that has ended and may never have been sent, as one that recovery gave up: the rows before it with the same consent
 * may still be open.
 */
export const mayBeUnsent = (row: Row): boolean => row.phase === 'failed' && row.eligibility === 'Yes';

export type Counters = Readonly<Record<RowStatus, number>>;

export const NO_ROWS: Counters = { READY: 0, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 0 };

/** Rows per status. They always add up to the number of rows. */
export function countersOf(rows: readonly Row[]): Counters {
  const counters = { ...NO_ROWS };
  for (const row of rows) counters[statusOf(row)] += 1;
  return counters;
}

export const addCounters = (a: Counters, b: Counters): Counters => ({
  READY: a.READY + b.READY,
  IN_PROGRESS: a.IN_PROGRESS + b.IN_PROGRESS,
  COMPLETED: a.COMPLETED + b.COMPLETED,
  FAILED: a.FAILED + b.FAILED,
});
