import type { GlobalConfig } from '../batch/batch.ts';
import type { RowError } from '../upstream/failures.ts';

/** One row as it was submitted. Overrides are as sent; what was not sent is null. */
export interface InputRow {
  readonly consentId: string;
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
  /** The row of the batch (from 0) that holds the same consent next before this one, or null. */
  readonly previous: number | null;
}

/** What a chunk was submitted with; written once. */
export interface ChunkInput {
  readonly defaults: GlobalConfig;
  /** Rows a chunk in this batch; the last chunk may have fewer. */
  readonly chunkRows: number;
  readonly rows: readonly InputRow[];
}

/** What the FI request of a row is raised with: its own values over the global ones. Null where neither was sent. */
export interface EffectiveRow {
  readonly consentId: string;
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

export const effectiveRow = (row: InputRow, defaults: GlobalConfig): EffectiveRow => ({
  consentId: row.consentId,
  fiDataRangeFrom: row.fiDataRangeFrom ?? defaults.fiDataRangeFrom,
  fiDataRangeTo: row.fiDataRangeTo ?? defaults.fiDataRangeTo,
  configId: row.configId ?? defaults.configId,
});

/**
 * For each row the index of the one next before it with the same consent (GUIDs compare without case), or null. A row whose consent is null, because
 * it is never sent, is nobody's predecessor.
 */
export function previousOccurrences(consentIds: readonly (string | null)[]): (number | null)[] {
  const last = new Map<string, number>();
  return consentIds.map((consentId, index) => {
    if (consentId === null) return null;
    const key = consentId.toLowerCase();
    const previous = last.get(key) ?? null;
    last.set(key, index);
    return previous;
  });
}

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
