import type { Ledger } from './ledger.ts';

/** Of each window this share is never taken by chunks: it is kept for clients' status calls (docs/architecture.md, promise 4). */
export const RESERVE_RATIO = 0.03;
/** Windows to come are filled up to this share; the rest is for small batches and for clients' status calls. */
const FUTURE_FILL_RATIO = 0.9;
/** From this share on a window counts as used up, and polls that can wait do. */
const NEARLY_FULL_RATIO = 0.8;
/** Fewer tokens than this are not worth an advance of their own, unless fewer are wanted or a window holds fewer. */
const MIN_GRANT = 25;
/** Windows looked at ahead: a day of them at 60 s. */
const MAX_WINDOWS_AHEAD = 1440;

export const windowAt = ({ anchor, length }: Ledger, at: number): number =>
  Math.round(anchor + Math.floor((at - anchor) / length) * length);

const windowAfter = (ledger: Ledger, start: number, windows: number): number =>
  windowAt(ledger, start + (windows + 0.5) * ledger.length);

export interface WindowOffer {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tokens: number;
  readonly tight: boolean;
  readonly epoch: number;
}

/**
 * The first window with room, and how much of what is wanted it can give; null when none has any within a day.
 * @param calls tokens wanted, at least 1
 * @param skew calls start this long after the beginning of a window, and end as long before its end
 */
export function offerWindow(ledger: Ledger, calls: number, now: number, skew: number): WindowOffer | null {
  const current = windowAt(ledger, now);
  const first = windowAt(ledger, Math.max(now + 2 * skew, ledger.blockedUntil));
  const least = Math.min(calls, MIN_GRANT, capacityOf(ledger, true));
  for (let ahead = 0; ahead < MAX_WINDOWS_AHEAD; ahead += 1) {
    const startsAt = windowAfter(ledger, first, ahead);
    // A window that begins within a block is open only to those who come after the block.
    if (ledger.blockedUntil > now && startsAt + skew < ledger.blockedUntil) continue;
    const tokens = Math.min(calls, capacityOf(ledger, startsAt > current) - usedIn(ledger, startsAt));
    if (tokens >= least) return offerOf(ledger, startsAt, tokens);
  }
  return null;
}

/** Tokens that a window may hold in all for one more reservation to be made in it. */
export const capacityOf = ({ limit }: Ledger, isAhead: boolean): number =>
  Math.max(1, Math.floor(limit * (isAhead ? FUTURE_FILL_RATIO : 1 - RESERVE_RATIO)));

const usedIn = ({ used }: Ledger, start: number): number => used.get(start) ?? 0;

function offerOf(ledger: Ledger, startsAt: number, tokens: number): WindowOffer {
  const before = usedIn(ledger, windowAfter(ledger, startsAt, -1));
  const within = usedIn(ledger, startsAt) + tokens;
  return {
    startsAt,
    endsAt: windowAfter(ledger, startsAt, 1),
    tokens,
    tight: Math.max(before, within) >= ledger.limit * NEARLY_FULL_RATIO,
    epoch: ledger.epoch,
  };
}

/**
 * The first moment from `at` on at which calls may start, in windows like a known one: none starts right after a window's beginning, and
 * shortly before its end `offerWindow` gives the next one's. Who comes back in between comes twice.
 * @param closing how long before a window's end it is too late
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

/** Whether a reservation made before can still be used: its windows are the ledger's, it is not over, and nothing blocks it. */
export const isStillGood = (
  held: { readonly startsAt: number; readonly endsAt: number; readonly epoch: number },
  ledger: Ledger,
  now: number,
  skew: number,
): boolean =>
  held.epoch === ledger.epoch &&
  now < held.endsAt - 2 * skew &&
  ledger.blockedUntil <= Math.max(held.startsAt + skew, now);

/** The windows that a client's call takes a token of, or the time before which none of them has one. */
export type ClientQuota =
  | { readonly isFree: true; readonly windows: readonly number[] }
  | { readonly isFree: false; readonly until: number };

/**
 * Clients' calls may fill a window to its limit: what chunks leave of it is theirs. Near the boundary of two windows a call takes a token of
 * both, since the upstream's clock decides in which it counts.
 * @param skew how far clocks may be apart, in milliseconds
 */
export function quotaOf(ledger: Ledger, now: number, skew: number): ClientQuota {
  if (ledger.blockedUntil > now) return { isFree: false, until: ledger.blockedUntil };
  const windows = [...new Set([windowAt(ledger, now - skew), windowAt(ledger, now + skew)])];
  const full = windows.findLast((start) => usedIn(ledger, start) >= ledger.limit);
  return full === undefined
    ? { isFree: true, windows }
    : { isFree: false, until: windowAt(ledger, full + 1.5 * ledger.length) + skew };
}
