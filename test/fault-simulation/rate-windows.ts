import type { Settings } from '#lambdas/platform/settings.ts';
import type { RateLimit } from '#simulator/rate-window.ts';
import { rateLimitOf } from '../world/finpro.ts';
import type { Random } from '../world/random.ts';

/** How FinPro limits calls in one history, and what it tells of it. */
export interface RateWindowsPlan {
  readonly rateLimit: RateLimit;
  /** Whether windows are as the settings say. Otherwise the first two may go over the limit: nothing is known of them yet. */
  readonly isExpected: boolean;
  /** The share of answers that have headers. */
  readonly told: number;
  /** By how many milliseconds a reset is off, at most. */
  readonly resetError: number;
  /** Calls that the organisation makes itself, for each call of ours. */
  readonly ownCalls: number;
}

const LENGTHS = [10, 15, 20, 30, 45, 60, 90, 120, 300];
/** More calls than a history makes in one window. */
const AMPLE = 500;

/** Windows as the settings expect them. */
export const expectedRateWindows = (settings: Pick<Settings, 'upstream'>): RateWindowsPlan => ({
  rateLimit: rateLimitOf(settings),
  isExpected: true,
  told: 1,
  resetError: 0,
  ownCalls: 0,
});

/** Draws windows of the kinds that public limiters have; in most histories those that the settings expect. */
export function drawRateWindows(random: Random, settings: Pick<Settings, 'upstream'>): RateWindowsPlan {
  if (!random.chance(0.4)) return expectedRateWindows(settings);
  const expected = rateLimitOf(settings);
  // A small limit over long windows would take longer than the deadline.
  const most = expected.limit >= AMPLE ? Number.POSITIVE_INFINITY : 2 * expected.windowSeconds;
  const lengths = LENGTHS.filter((length) => length <= most);
  const windowSeconds = random.chance(0.5) ? expected.windowSeconds : random.pick([expected.windowSeconds, ...lengths]);
  return {
    rateLimit: {
      limit: random.chance(0.25) ? Math.max(3, Math.floor(expected.limit * (0.3 + random.next() / 2))) : expected.limit,
      windowSeconds,
      begins: random.pick(['epoch', 'first-call']),
      shiftSeconds: random.chance(0.5) ? random.int(0, windowSeconds) : 0,
      byEndpoint: random.chance(0.3),
    },
    isExpected: false,
    // Enough headers for each window to have one.
    told: expected.limit >= AMPLE ? random.pick([1, 1, 0.4, 0.1]) : random.pick([1, 1, 0.8]),
    resetError: random.pick([0, 0, 900]),
    ownCalls: random.chance(0.15) ? 0.1 : 0,
  };
}
