import type { Settings } from '../platform/settings.ts';
import { type DuplicateConsents, isSettled } from './duplicates.ts';
import type { Action } from './plan.ts';
import type { Row } from './row.ts';
import { type ChunkState, rowsDueAt } from './state.ts';
import { type TransitionContext, transition } from './transitions.ts';

/** Rows whose lease died with the function: their session may have been stored; otherwise it has to be looked up, which is due now. */
export function withoutLostLease(
  stored: ChunkState,
  sessions: ReadonlyMap<number, string>,
  moment: TransitionContext,
): ChunkState {
  if (!stored.rows.some(({ phase }) => phase === 'requesting')) return stored;
  const lastCallAt = (stored.leasedUntil ?? moment.now) - moment.settings.reconcileDelay;
  const rows = stored.rows.map((row, index) => {
    if (row.phase !== 'requesting') return row;
    return sessions.has(index)
      ? transition(row, { kind: 'adopted' }, moment)
      : transition(row, { kind: 'answer-lost' }, { ...moment, now: lastCallAt });
  });
  return { ...stored, rows, leasedUntil: null };
}

/** The chunk as it is leased for the calls: the rows to be requested are marked before anything is sent. */
export function takeLease(
  state: ChunkState,
  planned: ReadonlySet<number>,
  leasedUntil: number,
  moment: TransitionContext,
): ChunkState {
  return {
    ...state,
    version: state.version + 1,
    leasedUntil,
    reservation: null,
    dueAt: leasedUntil,
    movedAt: moment.now,
    rows: state.rows.map((row, index) =>
      planned.has(index) && row.phase === 'ready' ? transition(row, { kind: 'intended' }, moment) : row,
    ),
  };
}

/** What a row waits for: a row of this chunk, or another chunk, which moves at `until` (epoch milliseconds). */
export type Blocker = { readonly behind: number } | { readonly until: number };

/**
 * Rows whose FI request is due but waits for an earlier row with the same consent. Never are two of them leased at once: after a crash nobody
 * could tell whose session is whose.
 */
export async function blockedRows(
  rows: readonly Row[],
  planned: readonly Action[],
  duplicates: DuplicateConsents,
): Promise<ReadonlyMap<number, Blocker>> {
  const requests = planned.filter(({ kind }) => kind === 'request');
  const blocked = new Map<number, Blocker>();
  for (const { row } of requests) {
    const previous = duplicates.previousHere(row);
    const before = previous === null ? undefined : rows[previous];
    if (previous !== null && before && !isSettled(before)) {
      blocked.set(row, { behind: previous });
      continue;
    }
    const until = await duplicates.blockedElsewhereUntil(row);
    if (until !== null) blocked.set(row, { until });
  }
  return blocked;
}

/**
 * When the chunk is to be advanced next; `Infinity` when all its rows are terminal. A row behind another of this chunk is due as soon as that one
 * is settled; one that waits for another chunk is not looked at before that chunk moves.
 */
export function nextDueAt(
  rows: readonly Row[],
  blocked: ReadonlyMap<number, Blocker>,
  now: number,
  settings: Settings,
): number {
  const isWaiting = (index: number): boolean => {
    const blocker = blocked.get(index);
    if (!blocker) return false;
    const before = 'behind' in blocker ? rows[blocker.behind] : undefined;
    return before === undefined || !isSettled(before);
  };
  const free = rows.filter((_, index) => !isWaiting(index));
  const elsewhere = [...blocked.values()].flatMap((blocker) => ('until' in blocker ? [blocker.until] : []));
  const lookAgainAt = elsewhere.map((until) => Math.max(until, now + settings.duplicateWait));
  return Math.min(rowsDueAt(free, now, settings), ...lookAgainAt);
}
