import type { Endpoint, Ledger, LedgerChange } from './ledger.ts';
import { endOf, type Reservation, windowAt } from './rate-window.ts';

/** The upstream's rate limit headers. `resetAt` is epoch milliseconds. */
export interface RateLimitHeaders {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: number | null;
}

/** How headers can correct the ledger. */
export type LedgerCorrection = Extract<
  LedgerChange,
  { readonly kind: 'tell-end' | 'tell-limit' | 'lower-limit' | 'count-others' }
>;

/** Longer windows are ignored: a header in another unit must not stop an organisation. */
const MAX_WINDOW = 3_600_000;

/** The reset time if it's credible: in the future, and at most one maximum window ahead. */
export const credibleReset = ({ resetAt }: RateLimitHeaders, now: number, skew: number): number | null =>
  resetAt !== null && resetAt > now - skew && resetAt <= now + MAX_WINDOW ? resetAt : null;

/** The headers of an endpoint's answer, and how many calls had been made under the same reservation by then. */
export interface ToldByAnswer {
  readonly endpoint: Endpoint;
  readonly headers: RateLimitHeaders;
  readonly callsMade: number;
}

/**
 * The first thing in which an answer corrects the ledger. Headers win over the settings (docs/spec/upstream.md, "Rate
 * limit"). A lower limit starts a new epoch.
 * @param reservation that of the call
 * @returns null where answer and ledger agree
 */
export function correctionOf(
  ledger: Ledger,
  reservation: Pick<Reservation, 'window' | 'tokens' | 'epoch'>,
  { endpoint, headers, callsMade }: ToldByAnswer,
  now: number,
  skew: number,
): LedgerCorrection | null {
  const end = toldEnd(ledger, headers, now, skew);
  if (end) return end;
  if (reservation.epoch !== ledger.epoch) return null;
  const { epoch, limits, taken } = ledger;
  const window = windowAt(ledger, now);
  const takenNow = taken.get(window) ?? 0;
  const limit = headers.limit !== null && headers.limit >= 1 ? headers.limit : null;
  if (limit !== null && limit !== (limits.get(endpoint) ?? ledger.limit)) {
    return limit < ledger.limit
      ? { kind: 'lower-limit', endpoint, limit, epoch, window, taken: takenNow }
      : { kind: 'tell-limit', endpoint, limit, epoch };
  }
  if (limit === null || headers.remaining === null || reservation.window !== window) return null;
  // All tokens of our other workers may have been used by now; whatever is beyond them and our calls is somebody else's.
  const calls = limit - headers.remaining - callsMade - Math.max(0, takenNow - reservation.tokens);
  return calls > (ledger.otherCalls.get(window) ?? 0) ? { kind: 'count-others', window, calls } : null;
}

/**
 * A window that ends this share of a window after the last one, or before calls could have been made in it, is the last
 * one, with another limiter's end.
 */
const SAME_WINDOW = 1 / 8;
/** In a window of four times the clocks' difference no call can start, since each edge is kept clear of. */
const TOO_SHORT = 4;

/**
 * The end of the present window, if the upstream names another than the ledger has. Where each endpoint has a limiter of
 * its own, the latest of their ends counts. Ends that follow each other tell the length.
 */
export function toldEnd(
  { anchor, length }: Ledger,
  headers: RateLimitHeaders,
  now: number,
  skew: number,
): (LedgerCorrection & { readonly kind: 'tell-end' }) | null {
  const resetAt = credibleReset(headers, now, skew);
  if (resetAt === null || resetAt <= now) return null;
  const window = windowAt({ anchor, length }, now);
  if (Math.abs(resetAt - endOf({ anchor, length }, window)) <= skew) return null;
  const tellEnd = (of: number, newLength: number) =>
    ({ kind: 'tell-end', window: of, endsAt: resetAt, length: newLength, seen: anchor }) as const;
  // A window isn't shorter than what is left of it.
  const atLeast = Math.max(length, resetAt - now);
  if (!anchor.isTold || window > anchor.window + 1) return tellEnd(window, atLeast);
  if (window === anchor.window) return resetAt > anchor.endsAt ? tellEnd(window, atLeast) : null;
  const sinceLastEnd = resetAt - anchor.endsAt;
  return sinceLastEnd <= Math.max(length * SAME_WINDOW, TOO_SHORT * skew)
    ? tellEnd(anchor.window, length)
    : tellEnd(window, sinceLastEnd);
}
