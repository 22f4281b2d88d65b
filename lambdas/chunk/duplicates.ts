import type { ChunkInput, ChunkKey, ChunkOutcome, ChunkState, InputRow } from './chunk.ts';
import type { Action, Blocker } from './plan.ts';
import { isSettled, mayBeUnsent, type Row } from './row.ts';
import type { ChunkStore } from './store.ts';

/**
 * Several rows of a batch may have the same consent. They are sent one after the other: a row goes out only when the
 * row before it is settled. So at most one of them has an open intent, and a session found by consent belongs to that
 * one unless an earlier row holds it (docs/decisions/0003-one-open-intent-per-consent.md).
 */
export interface Predecessors {
  /** By row to request: when the other chunk moves that has the unsettled row before it. */
  readonly unsettledElsewhere: ReadonlyMap<number, number>;
  /** By row to reconcile: the sessions, in lower case, that earlier rows with its consent hold. */
  readonly heldSessions: ReadonlyMap<number, ReadonlySet<string>>;
}

interface CurrentChunk {
  readonly key: ChunkKey;
  readonly rows: readonly Row[];
  readonly input: ChunkInput;
  readonly outcome: ChunkOutcome;
}

/** Reads another chunk only if a due row has a predecessor there, and each chunk once. */
export async function loadPredecessors(
  chunks: ChunkStore,
  { key, rows, input, outcome }: CurrentChunk,
  due: readonly Action[],
): Promise<Predecessors> {
  const { chunkRows } = input;
  const chunkOf = (index: number): number => Math.floor(index / chunkRows);
  const previousOf = (row: number): number | null => input.rows[row]?.previous ?? null;
  const once = <T>(current: T | null, read: (key: ChunkKey) => Promise<T>) => {
    const cache = new Map<number, Promise<T>>();
    if (current !== null) cache.set(key.chunk, Promise.resolve(current));
    return (chunk: number): Promise<T> => {
      const value = cache.get(chunk) ?? read({ ...key, chunk });
      cache.set(chunk, value);
      return value;
    };
  };
  const stateOf = once(null, chunks.state);
  const inputOf = once(input, chunks.input);
  const outcomeOf = once(outcome, chunks.outcome);

  /** When the other chunk moves that has an unsettled row at `index` or, where that may never have been sent, before it. */
  const unsettledBefore = async (index: number): Promise<number | null> => {
    let at: number | null = index;
    while (at !== null) {
      const chunk = chunkOf(at);
      const state: Pick<ChunkState, 'rows' | 'dueAt'> | null =
        chunk === key.chunk ? { rows, dueAt: 0 } : await stateOf(chunk);
      const before = state?.rows[at % chunkRows];
      if (!state || !before) return null;
      if (!isSettled(before)) return chunk === key.chunk ? null : state.dueAt;
      if (!mayBeUnsent(before)) return null;
      const { rows: inputRows }: ChunkInput = await inputOf(chunk);
      at = inputRows[at % chunkRows]?.previous ?? null;
    }
    return null;
  };

  const unsettledElsewhere = new Map<number, number>();
  const heldSessions = new Map<number, ReadonlySet<string>>();
  for (const { row, kind } of due) {
    const previous = previousOf(row);
    if (previous === null) continue;
    if (kind === 'request') {
      const unsettled = await unsettledBefore(previous);
      if (unsettled !== null) unsettledElsewhere.set(row, unsettled);
    }
    if (kind === 'reconcile') {
      const held = new Set<string>();
      let index: number | null = previous;
      while (index !== null) {
        const session = (await outcomeOf(chunkOf(index))).sessions.get(index % chunkRows);
        if (session !== undefined) held.add(session.toLowerCase());
        const earlier: InputRow | undefined = (await inputOf(chunkOf(index))).rows[index % chunkRows];
        index = earlier?.previous ?? null;
      }
      heldSessions.set(row, held);
    }
  }
  return { unsettledElsewhere, heldSessions };
}

/**
 * Rows whose FI request is due but waits for an earlier row with the same consent. No two of them are ever leased at
 * once: after a crash nobody could tell whose session is whose.
 */
export function blockedRows(
  rows: readonly Row[],
  due: readonly Action[],
  { key, input }: Pick<CurrentChunk, 'key' | 'input'>,
  { unsettledElsewhere }: Predecessors,
): ReadonlyMap<number, Blocker> {
  const first = key.chunk * input.chunkRows;
  const blocked = new Map<number, Blocker>();
  for (const { row, kind } of due) {
    if (kind !== 'request') continue;
    const previous = input.rows[row]?.previous ?? null;
    const behind = previous === null || previous < first ? null : previous - first;
    const before = behind === null ? undefined : rows[behind];
    const until = unsettledElsewhere.get(row);
    if (behind !== null && before && !isSettled(before)) blocked.set(row, { behind });
    else if (until !== undefined) blocked.set(row, { until });
  }
  return blocked;
}
