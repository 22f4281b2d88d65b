import { isTerminal } from '#lambdas/chunk/row.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import type { Clock } from '#lambdas/platform/system.ts';

/** When rows were stored as terminal for the first time, in epoch milliseconds. */
export interface RowEnds {
  /** The same chunks, whose saved states are looked at. */
  watch(chunks: ChunkStore, chunkRows: number): ChunkStore;
  readonly count: number;
  /** The last one's. */
  readonly last: number;
  /** Undefined while the row is open. */
  of(referenceId: string, row: number): number | undefined;
}

export function rowEnds(clock: Clock): RowEnds {
  const endedAt = new Map<string, number>();
  const nameOf = (referenceId: string, row: number): string => `${referenceId} ${row}`;
  let last = 0;
  return {
    watch: (chunks, chunkRows) => ({
      ...chunks,
      saveState: async (state) => {
        const saved = await chunks.saveState(state);
        if (!saved) return saved;
        const { referenceId, chunk } = state.key;
        for (const [index, row] of state.rows.entries()) {
          const name = nameOf(referenceId, chunk * chunkRows + index);
          if (!isTerminal(row) || endedAt.has(name)) continue;
          last = clock.now();
          endedAt.set(name, last);
        }
        return saved;
      },
    }),
    get count() {
      return endedAt.size;
    },
    get last() {
      return last;
    },
    of: (referenceId, row) => endedAt.get(nameOf(referenceId, row)),
  };
}
