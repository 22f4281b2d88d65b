import type { ChunkInput, ChunkOutcome, InputRow } from './content.ts';
import type { Action } from './plan.ts';
import { isSettled, type Row } from './row.ts';
import type { ChunkKey } from './state.ts';
import type { ChunkStore } from './store.ts';

/**
 * A consent may stand in several rows of a batch. They are sent one after the other: a row goes out only when the row before it with the same
 * consent is settled. So at most one of them has an open intent, and a session found by consent belongs to that one unless an earlier row
 * holds it (docs/spec/upstream.md, "An FI Request is never repeated blindly").
 */
export interface Predecessors {
  /** By row to be requested: when the other chunk moves in which the row before it isn't settled. */
  readonly unsettledElsewhere: ReadonlyMap<number, number>;
  /** By row to be reconciled: the sessions, in lower case, that earlier rows with its consent hold. */
  readonly heldSessions: ReadonlyMap<number, ReadonlySet<string>>;
}

interface Here {
  readonly key: ChunkKey;
  readonly input: ChunkInput;
  readonly outcome: ChunkOutcome;
}

/** Looks at other chunks only where a row that is due has a predecessor there, and at each once. */
export async function loadPredecessors(
  chunks: ChunkStore,
  { key, input, outcome }: Here,
  due: readonly Action[],
): Promise<Predecessors> {
  const { chunkRows } = input;
  const chunkOf = (index: number): number => Math.floor(index / chunkRows);
  const previousOf = (row: number): number | null => input.rows[row]?.previous ?? null;
  const once = <T>(here: T | null, read: (key: ChunkKey) => Promise<T>) => {
    const known = new Map<number, Promise<T>>();
    if (here !== null) known.set(key.chunk, Promise.resolve(here));
    return (chunk: number): Promise<T> => {
      const value = known.get(chunk) ?? read({ ...key, chunk });
      known.set(chunk, value);
      return value;
    };
  };
  const stateOf = once(null, chunks.state);
  const inputOf = once(input, chunks.input);
  const outcomeOf = once(outcome, chunks.outcome);

  const unsettledElsewhere = new Map<number, number>();
  const heldSessions = new Map<number, ReadonlySet<string>>();
  for (const { row, kind } of due) {
    const previous = previousOf(row);
    if (previous === null) continue;
    if (kind === 'request' && chunkOf(previous) !== key.chunk) {
      const state = await stateOf(chunkOf(previous));
      const before = state?.rows[previous % chunkRows];
      if (state && before && !isSettled(before)) unsettledElsewhere.set(row, state.dueAt);
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

/** What a row waits for: a row of this chunk, or another chunk, which moves at `until` (epoch milliseconds). */
export type Blocker = { readonly behind: number } | { readonly until: number };

/**
 * Rows whose FI request is due but waits for an earlier row with the same consent. No two of them are ever leased at once: after a crash nobody
 * could tell whose session is whose.
 */
export function blockedRows(
  rows: readonly Row[],
  due: readonly Action[],
  { key, input }: Pick<Here, 'key' | 'input'>,
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
