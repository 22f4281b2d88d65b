import type { Settings } from '../platform/settings.ts';
import type { Blocker } from './duplicates.ts';
import { isSettled, type Phase, type Row } from './row.ts';
import { dueAt, isEarlyPoll, rowsDueAt } from './schedule.ts';

export type CallKind = 'request' | 'reconcile' | 'poll' | 'balance';

/** One thing to do for a row now, and the upstream calls it may take. */
export interface Action {
  readonly row: number;
  readonly kind: CallKind;
  readonly calls: number;
}

const KIND_OF: Readonly<Partial<Record<Phase, CallKind>>> = {
  ready: 'request',
  reconciling: 'reconcile',
  polling: 'poll',
  fetchingBalances: 'balance',
};

/** When the budget is short, FI requests go first and polls that would most likely hear "pending" last. */
function rank(row: Row): number {
  if (row.phase === 'ready') return 0;
  return isEarlyPoll(row) ? 2 : 1;
}

/** What is due at `now`, in the order of its importance. A poll counts two calls when a balance call may follow it at once. */
export function planActions(rows: readonly Row[], now: number, settings: Settings): Action[] {
  const due = rows.flatMap((row, index) => {
    const kind = KIND_OF[row.phase];
    if (!kind || dueAt(row, settings) > now) return [];
    return [{ row: index, kind, calls: kind === 'poll' && settings.balances ? 2 : 1, rank: rank(row) }];
  });
  return due.toSorted((a, b) => a.rank - b.rank || a.row - b.row).map(({ rank: _, ...action }) => action);
}

export const callsOf = (actions: readonly Action[]): number => actions.reduce((sum, { calls }) => sum + calls, 0);

/** The first actions whose calls fit into the tokens; at least one, whose second call then has to wait. */
export function withinTokens(actions: readonly Action[], tokens: number): Action[] {
  let left = tokens;
  const within = actions.filter(({ calls }) => {
    left -= calls;
    return left >= 0;
  });
  return within.length > 0 ? within : actions.slice(0, 1);
}

/**
 * The call to try an open circuit with: rather one that asks than one that spends a consent, and of these the one that has waited longest, so
 * that a consent which always fails doesn't keep the circuit open for all others.
 */
export function halfOpenAction(due: readonly Action[], rows: readonly Row[]): Action[] {
  const waitingSince = ({ row, kind }: Action): number =>
    (kind === 'request' ? rows[row]?.notBefore : rows[row]?.lastAskedAt) ?? 0;
  const isRequest = ({ kind }: Action): number => (kind === 'request' ? 1 : 0);
  return due.toSorted((a, b) => isRequest(a) - isRequest(b) || waitingSince(a) - waitingSince(b)).slice(0, 1);
}

/**
 * When the chunk is to be advanced next; `Infinity` when all its rows are terminal. A row behind another of this chunk is due as soon as that one
 * is settled; one that waits for another chunk isn't looked at before that chunk moves.
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
