import { type Ledger, windowAt } from './rate-window.ts';

/** The windows that a client's call takes a token of, or the time before which none of them has one. */
export type ShareOffer =
  | { readonly isFree: true; readonly windows: readonly number[] }
  | { readonly isFree: false; readonly until: number };

/**
 * Clients' calls may fill a window to its limit: what chunks leave of it is theirs (`design.md`, promise 4). Near the boundary of two windows a call
 * takes a token of both, since the upstream's clock decides in which it counts.
 * @param skew how far clocks may be apart, in milliseconds
 */
export function clientShareOf(ledger: Ledger, now: number, skew: number): ShareOffer {
  if (ledger.blockedUntil > now) return { isFree: false, until: ledger.blockedUntil };
  const windows = [...new Set([windowAt(ledger, now - skew), windowAt(ledger, now + skew)])];
  const full = windows.findLast((start) => (ledger.used.get(start) ?? 0) >= ledger.limit);
  return full === undefined
    ? { isFree: true, windows }
    : { isFree: false, until: windowAt(ledger, full + 1.5 * ledger.length) + skew };
}
