import { describe, expect, test } from 'vitest';
import type { Ledger } from '#lambdas/upstream/ledger.ts';
import { quotaOf } from '#lambdas/upstream/rate-window.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const ledgerWith = (used: readonly (readonly [number, number])[], blockedUntil = 0): Ledger => ({
  epoch: 0,
  anchor: 0,
  length: MINUTE,
  limit: 1000,
  used: new Map(used),
  blockedUntil,
  circuitOpenUntil: null,
  failures: 0,
});

describe('the share of clients', () => {
  test('is what chunks leave of the window, to the last token', () => {
    expect(quotaOf(ledgerWith([[MINUTE, 970]]), 90_000, SKEW)).toEqual({ isFree: true, windows: [MINUTE] });
    expect(quotaOf(ledgerWith([[MINUTE, 999]]), 90_000, SKEW)).toEqual({ isFree: true, windows: [MINUTE] });
    expect(quotaOf(ledgerWith([[MINUTE, 1000]]), 90_000, SKEW)).toEqual({
      isFree: false,
      until: 2 * MINUTE + SKEW,
    });
  });

  test.each([
    ['just before the boundary', 2 * MINUTE - SKEW, [MINUTE, 2 * MINUTE]],
    ['just after it', 2 * MINUTE + SKEW - 1, [MINUTE, 2 * MINUTE]],
    ['well before it', 2 * MINUTE - SKEW - 1, [MINUTE]],
    ['well after it', 2 * MINUTE + SKEW, [2 * MINUTE]],
  ])('takes a token of each window in which the call may count: %s', (_, now, windows) => {
    expect(quotaOf(ledgerWith([]), now, SKEW)).toEqual({ isFree: true, windows });
  });

  test('near the boundary waits until the full one of the two windows can no longer be meant', () => {
    const now = 2 * MINUTE - 1;
    expect(quotaOf(ledgerWith([[MINUTE, 1000]]), now, SKEW)).toEqual({ isFree: false, until: 2 * MINUTE + SKEW });
    expect(quotaOf(ledgerWith([[2 * MINUTE, 1000]]), now, SKEW)).toEqual({
      isFree: false,
      until: 3 * MINUTE + SKEW,
    });
  });

  test('is nothing while a 429 blocks the window', () => {
    expect(quotaOf(ledgerWith([], 95_000), 90_000, SKEW)).toEqual({ isFree: false, until: 95_000 });
  });
});
