/**
 * Where a row stands inside the service. Its public status (seeds, bulk status, "Row Status Values") follows from it.
 *
 * - ready: no FI request is open; one goes out when it is due
 * - requesting: the intent to send the FI request is recorded; what became of the call is not known yet
 * - reconciling: the answer was lost; the consent's latest session is looked up before anything is sent again
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

/** The state of one row. Times are epoch milliseconds on the chunk's timeline (see `timeline.ts`). */
export interface Row {
  readonly phase: Phase;
  /** Set when the row failed, otherwise null. */
  readonly eligibility: RetryEligibility | null;
  /** The FI request this row is at, from 1. */
  readonly attempt: number;
  /** Polls answered in `polling`, empty answers in `reconciling`, failed tries in `fetching`. */
  readonly round: number;
  /** When the FI request of this attempt went out: not later than the truth while its answer is unknown, not earlier once it is known. */
  readonly requestedAt: number;
  /** When the row was last asked for; what is due next counts from here. In `ready`: when its FI request may go out. */
  readonly touchedAt: number;
}

export const newRow = (at: number): Row => ({
  phase: 'ready',
  eligibility: null,
  attempt: 1,
  round: 0,
  requestedAt: at,
  touchedAt: at,
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

/** A row whose FI request the upstream may hold a session for that we do not know of. */
export const hasOpenIntent = (row: Row): boolean => row.phase === 'requesting' || row.phase === 'reconciling';
