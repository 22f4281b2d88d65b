import type { ChunkInput, ChunkOutcome, InputRow } from './content.ts';
import { hasOpenIntent, type Row } from './row.ts';
import type { ChunkState } from './state.ts';
import type { Chunks } from './store.ts';

/**
 * The rows of a batch that hold the same consent as a row of this chunk. They are sent one after the other: a row goes out only when the
 * row before it with the same consent is settled, that is, has a session or has ended. So at most one of them has an open intent, and a
 * session found by consent belongs to that one unless an earlier row holds it (`upstream.md`, "An FI Request must never be repeated blindly").
 */
export interface DuplicateConsents {
  /** When the other chunk moves in which the row before this one with the same consent is not settled yet; null when none is. */
  blockedElsewhereUntil(row: number): Promise<number | null>;
  /** The row of this chunk next before this one with the same consent, or null. */
  previousHere(row: number): number | null;
  /** Sessions, in lower case, that earlier rows with the same consent hold. */
  sessionsBefore(row: number): Promise<ReadonlySet<string>>;
}

export const isSettled = (row: Row): boolean => row.phase !== 'ready' && !hasOpenIntent(row);

interface Here {
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly outcome: ChunkOutcome;
}

/** Looks at other chunks only where this one has duplicates, and at each once. */
export function duplicateConsents(chunks: Chunks, here: Here): DuplicateConsents {
  const { chunkRows } = here.input;
  const first = here.state.key.chunk * chunkRows;
  const keyOf = (chunk: number) => ({ ...here.state.key, chunk });
  const once = <T>(read: (chunk: number) => Promise<T>) => {
    const known = new Map<number, Promise<T>>();
    return (chunk: number): Promise<T> => {
      const value = known.get(chunk) ?? read(chunk);
      known.set(chunk, value);
      return value;
    };
  };
  const stateOf = once((chunk) => chunks.state(keyOf(chunk)));
  const inputOf = once((chunk) => chunks.input(keyOf(chunk)));
  const outcomeOf = once((chunk) => chunks.outcome(keyOf(chunk)));

  const rowOfBatch = async (index: number): Promise<InputRow | undefined> => {
    const chunk = Math.floor(index / chunkRows);
    const input = chunk === here.state.key.chunk ? here.input : await inputOf(chunk);
    return input.rows[index % chunkRows];
  };
  const previousOf = (row: number): number | null => here.input.rows[row]?.previous ?? null;

  return {
    previousHere: (row) => {
      const previous = previousOf(row);
      return previous === null || previous < first ? null : previous - first;
    },
    blockedElsewhereUntil: async (row) => {
      const previous = previousOf(row);
      if (previous === null || previous >= first) return null;
      const state = await stateOf(Math.floor(previous / chunkRows));
      const before = state?.rows[previous % chunkRows];
      return state && before && !isSettled(before) ? state.dueAt : null;
    },
    sessionsBefore: async (row) => {
      const held = new Set<string>();
      for (let index = previousOf(row); index !== null; index = (await rowOfBatch(index))?.previous ?? null) {
        const chunk = Math.floor(index / chunkRows);
        const outcome = chunk === here.state.key.chunk ? here.outcome : await outcomeOf(chunk);
        const session = outcome.sessions.get(index % chunkRows);
        if (session !== undefined) held.add(session.toLowerCase());
      }
      return held;
    },
  };
}
