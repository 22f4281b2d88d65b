import type { RowError } from './fi-failure.ts';

/** What is known of a chunk's rows beyond their state, by the row's index in the chunk. */
export interface ChunkOutcome {
  /** Counts the writes, from 0 for an outcome that was never written. */
  readonly version: number;
  readonly sessions: ReadonlyMap<number, string>;
  readonly errors: ReadonlyMap<number, RowError>;
}

export const NO_OUTCOME: ChunkOutcome = { version: 0, sessions: new Map(), errors: new Map() };

export interface OutcomeChange {
  readonly sessions: ReadonlyMap<number, string>;
  readonly errors: ReadonlyMap<number, RowError>;
}

export const isEmptyChange = ({ sessions, errors }: OutcomeChange): boolean => sessions.size === 0 && errors.size === 0;

/** Merges what an advance has learnt into what is stored. A stored session is never replaced; the newest error of a row counts. */
export const mergeOutcome = (stored: ChunkOutcome, change: OutcomeChange): ChunkOutcome => ({
  version: stored.version + 1,
  sessions: new Map([...change.sessions, ...stored.sessions]),
  errors: new Map([...stored.errors, ...change.errors]),
});
