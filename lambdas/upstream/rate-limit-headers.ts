import type { Ledger, LedgerChange } from './ledger.ts';
import { type Reservation, windowAt } from './rate-window.ts';

/** The upstream's rate limit headers. `resetAt` is epoch milliseconds. */
export interface RateLimitHeaders {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: number | null;
}

/** How headers can correct the ledger. */
export type LedgerCorrection = Extract<LedgerChange, { readonly kind: 'new-epoch' | 'raise-limit' | 'count-others' }>;

/** Longer windows are ignored: a header in another unit must not stop an organisation. */
const MAX_WINDOW = 3_600_000;

/** The reset time if it's credible: in the future, and at most one maximum window ahead. */
export const credibleReset = ({ resetAt }: RateLimitHeaders, now: number, skew: number): number | null =>
  resetAt !== null && resetAt > now - skew && resetAt <= now + MAX_WINDOW ? resetAt : null;

/**
 * How the headers of calls under a reservation correct the ledger. Headers win over the settings
 * (docs/spec/upstream.md, "Rate limit"). A lower limit, and windows that start elsewhere or are longer, start a new
 * epoch. Other users of the same credentials show up in `remaining`.
 * @returns null where headers and ledger agree
 */
export function correctionOf(
  ledger: Ledger,
  reservation: Pick<Reservation, 'startsAt' | 'endsAt' | 'epoch'>,
  headers: RateLimitHeaders,
  now: number,
  skew: number,
): LedgerCorrection | null {
  const { epoch } = ledger;
  if (reservation.epoch !== epoch) return null;
  const limit = headers.limit !== null && headers.limit >= 1 ? headers.limit : ledger.limit;
  const resetAt = credibleReset(headers, now, skew);
  if (resetAt !== null && !isExpected(ledger, resetAt, now, skew)) {
    return newEpoch(ledger, { anchor: resetAt, length: lengthOf(ledger, resetAt, now), limit }, now);
  }
  if (limit < ledger.limit) return newEpoch(ledger, { anchor: ledger.anchor, length: ledger.length, limit }, now);
  if (limit > ledger.limit) return { kind: 'raise-limit', limit, epoch };
  const tokens = headers.remaining === null ? 0 : limit - headers.remaining;
  const isOfWindow = resetAt !== null && Math.abs(resetAt - reservation.endsAt) <= skew;
  const isOthers = isOfWindow && tokens > (ledger.used.get(reservation.startsAt) ?? 0);
  return isOthers ? { kind: 'count-others', window: reservation.startsAt, tokens } : null;
}

/** Calls were made in the wrong windows, so one window is skipped. */
const newEpoch = (
  ledger: Ledger,
  windows: { readonly anchor: number; readonly length: number; readonly limit: number },
  now: number,
): LedgerCorrection => ({
  kind: 'new-epoch',
  epoch: ledger.epoch,
  ...windows,
  blockedUntil: windowAt({ ...ledger, ...windows }, now) + 2 * windows.length,
});

/** Whether a reset is the end of the current window as the ledger has it, or of one just past. */
function isExpected(ledger: Ledger, resetAt: number, now: number, skew: number): boolean {
  const offset = (((resetAt - ledger.anchor) % ledger.length) + ledger.length) % ledger.length;
  const isBoundary = Math.min(offset, ledger.length - offset) <= skew;
  return isBoundary && resetAt <= windowAt(ledger, now + skew) + ledger.length + skew;
}

/**
 * The length of windows that end at `resetAt`. An anchor at most one maximum window back is a boundary that the
 * upstream named before; a reset later than the expected one then tells the true length.
 */
function lengthOf(ledger: Ledger, resetAt: number, now: number): number {
  const sinceAnchor = resetAt - ledger.anchor;
  const isLonger = resetAt > windowAt(ledger, now) + ledger.length;
  if (!isLonger) return ledger.length;
  return sinceAnchor > ledger.length && sinceAnchor <= MAX_WINDOW
    ? sinceAnchor
    : Math.max(ledger.length, resetAt - now);
}
