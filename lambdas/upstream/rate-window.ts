import type { Ledger } from './ledger.ts';

/**
 * The share of each window that chunks never take: it's held back for clients' status calls (docs/architecture.md,
 * promise 4).
 */
export const RESERVE_RATIO = 0.03;
/** Future windows are filled up to this share; the rest is for small batches and clients' status calls. */
const FUTURE_FILL_RATIO = 0.9;
/** From this share on a window counts as tight, and polls that can wait do. */
const NEARLY_FULL_RATIO = 0.8;
/** Fewer tokens aren't worth an advance, unless fewer are wanted or a window has fewer. */
const MIN_GRANT = 25;
/** How far ahead a reservation may be: a day of windows of 60 s. */
const MAX_WINDOWS_AHEAD = 1440;

/**
 * Rate windows are as the upstream's headers show them: a window ends when the upstream says so, and the next one follows
 * at once. Some upstreams count windows from the epoch; with others a window begins with the first call after the last
 * one's end. Both are the same to us, since every window with calls in it names its own end
 * (docs/decisions/0018-rate-windows-end-when-told.md). Only how long the windows ahead will be is an estimate.
 */

/** The number of the window in which a time lies. It's never earlier than the one whose end is known. */
export const windowAt = ({ anchor, length }: Pick<Ledger, 'anchor' | 'length'>, at: number): number =>
  at < anchor.endsAt ? anchor.window : anchor.window + 1 + Math.floor((at - anchor.endsAt) / length);

export const endOf = ({ anchor, length }: Pick<Ledger, 'anchor' | 'length'>, window: number): number =>
  anchor.endsAt + (window - anchor.window) * length;

const startOf = (ledger: Ledger, window: number): number => endOf(ledger, window - 1);

/** Tokens for calls in one window, expected from `startsAt` to `endsAt` (epoch milliseconds). */
export interface Reservation {
  readonly window: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tokens: number;
  /** The window, or the one before, is nearly used up: what can wait should. */
  readonly tight: boolean;
  /** The ledger's epoch. A reservation of an earlier one is void. */
  readonly epoch: number;
}

/**
 * The first window with room, and how many of the wanted tokens it has; null when no window has room within a day.
 * @param calls tokens wanted, at least 1
 * @param skew calls start this long after a window starts, and stop as long before it ends
 */
export function offerWindow(ledger: Ledger, calls: number, now: number, skew: number): Reservation | null {
  const current = windowAt(ledger, now);
  const first = windowAt(ledger, Math.max(now + 2 * skew, ledger.blockedUntil));
  const least = Math.min(calls, MIN_GRANT, capacityOf(ledger, true));
  for (let window = first; window < first + MAX_WINDOWS_AHEAD; window += 1) {
    // A window that starts during a block can only be used after the block.
    if (ledger.blockedUntil > now && startOf(ledger, window) + skew < ledger.blockedUntil) continue;
    const tokens = Math.min(calls, capacityOf(ledger, window > current) - usedIn(ledger, window));
    if (tokens >= least) return offerOf(ledger, window, tokens);
  }
  return null;
}

/** How many tokens of a window may be taken in all. */
export const capacityOf = ({ limit }: Ledger, isAhead: boolean): number =>
  Math.max(1, Math.floor(limit * (isAhead ? FUTURE_FILL_RATIO : 1 - RESERVE_RATIO)));

/** What is used of a window, by us and by others with the same credentials. */
const usedIn = ({ taken, otherCalls }: Ledger, window: number): number =>
  (taken.get(window) ?? 0) + (otherCalls.get(window) ?? 0);

function offerOf(ledger: Ledger, window: number, tokens: number): Reservation {
  const before = usedIn(ledger, window - 1);
  const within = usedIn(ledger, window) + tokens;
  return {
    window,
    startsAt: startOf(ledger, window),
    endsAt: endOf(ledger, window),
    tokens,
    tight: Math.max(before, within) >= ledger.limit * NEARLY_FULL_RATIO,
    epoch: ledger.epoch,
  };
}

/**
 * The first time from `at` on at which calls may start, given one known window. Calls don't start right after a window
 * starts, and shortly before it ends `offerWindow` offers the next one. Whoever comes back in between has to come
 * twice.
 * @param closing how long before a window's end it's too late
 */
export function openFrom(
  { startsAt, endsAt }: { readonly startsAt: number; readonly endsAt: number },
  at: number,
  skew: number,
  closing: number,
): number {
  const length = endsAt - startsAt;
  const start = startsAt + Math.floor((at - startsAt) / length) * length;
  if (at < start + skew) return start + skew;
  return at > start + length - closing ? start + length + skew : at;
}

/**
 * An earlier reservation as the ledger has it now, since windows may have moved; null when it can't be used any more: the
 * limit became lower, its window is over, or it is blocked.
 */
export function heldNow(held: Reservation, ledger: Ledger, now: number, skew: number): Reservation | null {
  const { window, epoch } = held;
  const startsAt = startOf(ledger, window);
  const endsAt = endOf(ledger, window);
  const isVoid = epoch !== ledger.epoch || window < windowAt(ledger, now) || now >= endsAt - 2 * skew;
  return isVoid || ledger.blockedUntil > Math.max(startsAt + skew, now) ? null : { ...held, startsAt, endsAt };
}

/** The windows in which a client's call takes a token, or until when they have none. */
export type ClientQuota =
  | { readonly isFree: true; readonly windows: readonly number[] }
  | { readonly isFree: false; readonly until: number };

/**
 * Clients' calls may fill a window to its limit, using what chunks leave free. Near the boundary of two windows a call
 * takes a token in both, since the upstream's clock decides where it counts.
 * @param skew how far clocks may differ, in milliseconds
 */
export function quotaOf(ledger: Ledger, now: number, skew: number): ClientQuota {
  if (ledger.blockedUntil > now) return { isFree: false, until: ledger.blockedUntil };
  const windows = [...new Set([windowAt(ledger, now - skew), windowAt(ledger, now + skew)])];
  const full = windows.findLast((window) => usedIn(ledger, window) >= ledger.limit);
  return full === undefined ? { isFree: true, windows } : { isFree: false, until: endOf(ledger, full) + skew };
}
