import type { GlobalConfig } from './batch.ts';

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
