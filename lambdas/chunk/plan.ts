import type { Settings } from '../platform/settings.ts';
import { isSettled, type Phase, type Row } from './row.ts';

export type CallKind = 'request' | 'reconcile' | 'poll' | 'balance';

/** What is due for one row, and how many upstream calls it may take. */
export interface Action {
  readonly row: number;
  readonly kind: CallKind;
  readonly calls: number;
}

const KIND_OF: Readonly<Partial<Record<Phase, CallKind>>> = {
  ready: 'request',
  reconciling: 'reconcile',
  joining: 'reconcile',
  polling: 'poll',
  fetchingBalances: 'balance',
};

/** What a row waits for: a row of this chunk, or another chunk, which moves at `until` (epoch milliseconds). */
export type Blocker = { readonly behind: number } | { readonly until: number };

/** When the budget is short, FI requests go first, and polls that would most likely hear "pending" last. */
function rank(row: Row): number {
  if (row.phase === 'ready') return 0;
  return isEarlyPoll(row) ? 2 : 1;
}

/** A poll before the row's data can be expected. It gives way when the budget is tight. */
const isEarlyPoll = (row: Row): boolean => row.phase === 'polling' && row.tries === 0;

/**
 * What is due at `now`: the most important first, and of those the one that has been due for longest, so that rows which
 * fail again and again don't come before the others. A poll counts as two calls when a balance call may follow it at once.
 */
export function planActions(rows: readonly Row[], now: number, settings: Settings): Action[] {
  const due = rows.flatMap((row, index) => {
    const kind = KIND_OF[row.phase];
    const since = dueAt(row, settings);
    if (!kind || since > now) return [];
    return [{ row: index, kind, calls: kind === 'poll' && settings.balances ? 2 : 1, rank: rank(row), since }];
  });
  return due
    .toSorted((a, b) => a.rank - b.rank || a.since - b.since || a.row - b.row)
    .map(({ rank: _, since: __, ...action }) => action);
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
 * The call that tries an open circuit: one that asks rather than one that spends a consent, and of those the one that
 * has waited longest. Otherwise a consent that always fails could keep the circuit open for all others.
 */
export function halfOpenAction(due: readonly Action[], rows: readonly Row[]): Action[] {
  const waitingSince = ({ row, kind }: Action): number =>
    (kind === 'request' ? rows[row]?.notBefore : rows[row]?.lastAskedAt) ?? 0;
  const isRequest = ({ kind }: Action): number => (kind === 'request' ? 1 : 0);
  return due.toSorted((a, b) => isRequest(a) - isRequest(b) || waitingSince(a) - waitingSince(b)).slice(0, 1);
}

/**
 * When the chunk has to be advanced next; `Infinity` when all its rows are terminal. A row behind another row of this
 * chunk is due as soon as that one is settled; one that waits for another chunk isn't looked at before that chunk
 * moves.
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

/** Rows that fall due within this share of the wait for the first are waited for. */
const SHARE_OF_WAIT = 0.25;

/**
 * When a chunk has to be advanced for its rows; `Infinity` when all are terminal. It waits for rows that are due
 * shortly after the first: waits are minimums, and each advance costs transitions and writes. The longer the first has
 * to wait, the longer the others are waited for, since a slow upstream spreads a chunk's rows over more time.
 */
export function rowsDueAt(rows: readonly Row[], now: number, settings: Settings): number {
  const times = rows.map((row) => dueAt(row, settings));
  const first = times.reduce((earliest, time) => Math.min(earliest, time), Number.POSITIVE_INFINITY);
  if (first <= now || first === Number.POSITIVE_INFINITY) return first;
  const reach = Math.max(settings.poll.first, (first - now) * SHARE_OF_WAIT);
  const together = times.filter((time) => time <= first + reach);
  return together.reduce((latest, time) => Math.max(latest, time), first);
}

/**
 * When a row is due next, in epoch milliseconds; `Infinity` for a terminal row. A row in `requesting` belongs to the
 * lease under which it was sent, so nothing is due until that lease has ended.
 */
export function dueAt(row: Row, settings: Settings): number {
  switch (row.phase) {
    case 'ready':
      return row.notBefore;
    case 'reconciling':
    case 'joining':
      return row.lastAskedAt + settings.reconcileDelay;
    case 'polling':
      return pollDueAt(row, settings);
    case 'fetchingBalances':
      return row.tries === 0 ? row.lastAskedAt : row.lastAskedAt + settings.poll.first;
    case 'requesting':
    case 'completed':
    case 'failed':
      return Number.POSITIVE_INFINITY;
  }
}

/** The wait before a poll: 5, 10, 20, 40 … s, doubling up to the maximum (docs/architecture.md, promise 5). */
const pollInterval = (tries: number, { poll }: Settings): number =>
  Math.min(poll.first * 2 ** Math.min(tries, 30), poll.maximum);

/** When polling of a row ends: an answer at or after this time that still says pending is the last. */
export const pollDeadlineOf = (row: Row, { poll }: Settings): number => row.requestedAt + poll.deadline;

function pollDueAt(row: Row, settings: Settings): number {
  const deadline = pollDeadlineOf(row, settings);
  // Asked at or after the deadline without an answer: the last poll is still owed.
  if (row.lastAskedAt >= deadline) return row.lastAskedAt + 2 * settings.reconcileDelay;
  const isDeferred = row.tries > 0 && row.lastAskedAt === row.requestedAt;
  const wait = isDeferred ? settings.poll.deferred : pollInterval(row.tries, settings);
  return Math.min(row.lastAskedAt + wait, deadline);
}

/**
 * The tries with which a row starts when its first poll is deferred: as many as polls would have come before. When the
 * budget is tight those are skipped, since most would only hear "pending" and displace another row's FI request.
 */
export function deferredTries(settings: Settings): number {
  let age = 0;
  let tries = 0;
  while (age + pollInterval(tries, settings) < Math.min(settings.poll.deferred, settings.poll.deadline)) {
    age += pollInterval(tries, settings);
    tries += 1;
  }
  return tries;
}
