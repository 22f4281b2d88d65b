import type { Reservation } from '../chunk/state.ts';
import type { Ledger, LedgerChange } from './ledger.ts';
import { windowAt } from './rate-window.ts';

/** What the upstream's headers say of its rate window. `resetAt` is epoch milliseconds. */
export interface RateLimitHeaders {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: number | null;
}

/** What the headers can teach the ledger. */
export type LedgerCorrection = Extract<LedgerChange, { readonly kind: 'new-epoch' | 'raise-limit' | 'count-others' }>;

/** A window longer than this is not believed: a header in another unit must not stop an organisation. */
const LONGEST_WINDOW = 3_600_000;

/** The reset time of the headers if it can be one: in the future, and not beyond the longest window. */
export const credibleReset = ({ resetAt }: RateLimitHeaders, now: number, skew: number): number | null =>
  resetAt !== null && resetAt > now - skew && resetAt <= now + LONGEST_WINDOW ? resetAt : null;

/**
 * What the headers of calls made under a reservation teach about the windows: they are believed over the settings (docs/spec/upstream.md). A lower
 * limit, and windows that begin elsewhere or are longer, start a new epoch. Calls of others with the same credentials show in `remaining`.
 * @returns null where the headers say what the ledger says
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

/** Calls were made by the wrong windows, so the next one is left out. */
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
