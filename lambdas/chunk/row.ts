/**
 * Where a row stands inside the service. Its public status (docs/spec/batch-status.md, "Row status") follows from it.
 *
 * - ready: no FI request is open; one goes out when it is due
 * - requesting: the intent to send the FI request is recorded; what became of the call isn't known yet
 * - reconciling: the answer was lost; the consent's latest session is asked for before anything is sent again
 * - polling: a session is known; its status is asked until it ends or the deadline passes
 * - fetchingBalances: the data is ready; the balances are still to be fetched
 */
export const PHASES = [
  'ready',
  'requesting',
  'reconciling',
  'polling',
  'fetchingBalances',
  'completed',
  'failed',
] as const;
export type Phase = (typeof PHASES)[number];

export const ROW_STATUSES = ['READY', 'IN_PROGRESS', 'COMPLETED', 'FAILED'] as const;
export type RowStatus = (typeof ROW_STATUSES)[number];

export const RETRY_ELIGIBILITIES = ['Yes', 'No', 'YesWithModifications'] as const;
export type RetryEligibility = (typeof RETRY_ELIGIBILITIES)[number];

/** The state of one row. Times are epoch milliseconds. */
export interface Row {
  readonly phase: Phase;
  /** Set when the row failed, otherwise null. */
  readonly eligibility: RetryEligibility | null;
  /** The FI request this row is at, from 1. */
  readonly attempt: number;
  /** Polls answered in `polling`, empty answers in `reconciling`, failed calls in `fetchingBalances`. */
  readonly tries: number;
  /** When the FI request of this attempt went out: not later than the truth while its answer is unknown, not earlier once it is known. */
  readonly requestedAt: number;
  /** When the upstream was last asked about the row; what is due next counts from here. No meaning in `ready` and `requesting`. */
  readonly lastAskedAt: number;
  /** When the FI request may go out. No meaning in later phases than `requesting`. */
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
  polling: 'IN_PROGRESS',
  fetchingBalances: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
};

/** The public status of a row. */
export const statusOf = (row: Row): RowStatus => STATUS_OF[row.phase];

export const isTerminal = (row: Row): boolean => row.phase === 'completed' || row.phase === 'failed';

/** Whether no FI request of the row has gone out in this attempt, as far as is known. */
export const isUnsent = ({ phase }: Row): boolean => phase === 'ready' || phase === 'requesting';

/** A row whose FI request the upstream may hold a session for that we don't know of. */
export const hasOpenIntent = ({ phase }: Row): boolean => phase === 'requesting' || phase === 'reconciling';

/** A row that has a session, or has ended: another row with the same consent may be sent. */
export const isSettled = (row: Row): boolean => row.phase !== 'ready' && !hasOpenIntent(row);

export type Counters = Readonly<Record<RowStatus, number>>;

export const NO_ROWS: Counters = { READY: 0, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 0 };

/** How many rows have each status. They always add up to the number of rows. */
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
