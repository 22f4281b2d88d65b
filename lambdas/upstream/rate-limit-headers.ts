import type { Reservation } from '../chunk/state.ts';
import { type Ledger, windowAt } from './rate-window.ts';

/** What the upstream's headers say of its rate window. `resetAt` is epoch milliseconds. */
export interface RateLimitHeaders {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: number | null;
}

/** How the ledger has to change for what the headers say; null where it says the same. */
export type LedgerCorrection =
  | { readonly kind: 'new-epoch'; readonly anchor: number; readonly length: number; readonly limit: number }
  | { readonly kind: 'higher-limit'; readonly limit: number }
  | { readonly kind: 'used'; readonly window: number; readonly tokens: number };

/** A window longer than this is not believed: a header in another unit must not stop an organisation. */
const LONGEST_WINDOW = 3_600_000;

/** The reset time of a hint if it can be one: in the future, and not beyond the longest window. */
export const credibleReset = ({ resetAt }: RateLimitHeaders, now: number, skew: number): number | null =>
  resetAt !== null && resetAt > now - skew && resetAt <= now + LONGEST_WINDOW ? resetAt : null;

/**
 * What the headers of calls made under a reservation teach about the windows: they are believed over the settings (`upstream.md`). A lower limit,
 * windows that begin elsewhere or are longer start a new epoch. Calls of others with the same credentials show in `remaining`.
 */
export function correctionOf(
  ledger: Ledger,
  reservation: Pick<Reservation, 'startsAt' | 'endsAt' | 'epoch'>,
  hint: RateLimitHeaders,
  now: number,
  skew: number,
): LedgerCorrection | null {
  if (reservation.epoch !== ledger.epoch) return null;
  const limit = hint.limit !== null && hint.limit >= 1 ? hint.limit : ledger.limit;
  const resetAt = credibleReset(hint, now, skew);
  if (resetAt !== null && !isExpected(ledger, resetAt, now, skew)) {
    return { kind: 'new-epoch', anchor: resetAt, length: lengthOf(ledger, resetAt, now), limit };
  }
  if (limit < ledger.limit) return { kind: 'new-epoch', anchor: ledger.anchor, length: ledger.length, limit };
  if (limit > ledger.limit) return { kind: 'higher-limit', limit };
  const tokens = hint.remaining === null ? 0 : limit - hint.remaining;
  const isOfWindow = resetAt !== null && Math.abs(resetAt - reservation.endsAt) <= skew;
  const isOthers = isOfWindow && tokens > (ledger.used.get(reservation.startsAt) ?? 0);
  return isOthers ? { kind: 'used', window: reservation.startsAt, tokens } : null;
}

/** Whether a reset is the end of the window that we take to be the present one, or of one just past. */
function isExpected(ledger: Ledger, resetAt: number, now: number, skew: number): boolean {
  const offset = (((resetAt - ledger.anchor) % ledger.length) + ledger.length) % ledger.length;
  const isBoundary = Math.min(offset, ledger.length - offset) <= skew;
  return isBoundary && resetAt <= windowAt(ledger, now + skew) + ledger.length + skew;
}

/**
 * The length of windows that end at `resetAt`. The anchor is a boundary that the upstream has named before, if it lies within the longest
 * window; a reset that is later than the window we believed in then tells the true length.
 */
function lengthOf(ledger: Ledger, resetAt: number, now: number): number {
  const sinceAnchor = resetAt - ledger.anchor;
  const isLonger = resetAt > windowAt(ledger, now) + ledger.length;
  if (!isLonger) return ledger.length;
  return sinceAnchor > ledger.length && sinceAnchor <= LONGEST_WINDOW
    ? sinceAnchor
    : Math.max(ledger.length, resetAt - now);
}
