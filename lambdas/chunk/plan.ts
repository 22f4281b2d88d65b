import type { Settings } from '../platform/settings.ts';
import type { Phase, Row } from './row.ts';
import { dueAt, isEarlyPoll } from './schedule.ts';

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

/** When the budget is short, FI requests go first and polls that would most likely hear "pending" last (`design.md`, promise 5). */
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
