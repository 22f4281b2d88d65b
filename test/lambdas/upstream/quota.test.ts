import { describe, expect, test } from 'vitest';
import type { Ledger } from '#lambdas/upstream/ledger.ts';
import { quotaOf } from '#lambdas/upstream/rate-window.ts';
import { aLedger } from '#test/world/builders.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const ledgerWith = (taken: readonly (readonly [number, number])[], blockedUntil = 0): Ledger =>
  aLedger({ taken: new Map(taken), blockedUntil });

describe('the share of clients', () => {
  test('is what chunks leave of the window, to the last token', () => {
    expect(quotaOf(ledgerWith([[1, 970]]), 90_000, SKEW)).toEqual({ isFree: true, windows: [1] });
    expect(quotaOf(ledgerWith([[1, 999]]), 90_000, SKEW)).toEqual({ isFree: true, windows: [1] });
    expect(quotaOf(ledgerWith([[1, 1000]]), 90_000, SKEW)).toEqual({
      isFree: false,
      until: 2 * MINUTE + SKEW,
    });
  });

  test.each([
    ['just before the boundary', 2 * MINUTE - SKEW, [1, 2]],
    ['just after it', 2 * MINUTE + SKEW - 1, [1, 2]],
    ['well before it', 2 * MINUTE - SKEW - 1, [1]],
    ['well after it', 2 * MINUTE + SKEW, [2]],
  ])('takes a token of each window in which the call may count: %s', (_, now, windows) => {
    expect(quotaOf(ledgerWith([]), now, SKEW)).toEqual({ isFree: true, windows });
  });

  test('near the boundary waits until the full one of the two windows can no longer be meant', () => {
    const now = 2 * MINUTE - 1;
    expect(quotaOf(ledgerWith([[1, 1000]]), now, SKEW)).toEqual({ isFree: false, until: 2 * MINUTE + SKEW });
    expect(quotaOf(ledgerWith([[2, 1000]]), now, SKEW)).toEqual({
      isFree: false,
      until: 3 * MINUTE + SKEW,
    });
  });

  test('is nothing while a 429 blocks the window', () => {
    expect(quotaOf(ledgerWith([], 95_000), 94_999, SKEW)).toEqual({ isFree: false, until: 95_000 });
    expect(quotaOf(ledgerWith([], 95_000), 95_000, SKEW)).toEqual({ isFree: true, windows: [1] });
  });
});
