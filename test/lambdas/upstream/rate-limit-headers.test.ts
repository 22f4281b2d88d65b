import { describe, expect, test } from 'vitest';
import type { Ledger } from '#lambdas/upstream/ledger.ts';
import { correctionOf, credibleReset, type RateLimitHeaders } from '#lambdas/upstream/rate-limit-headers.ts';
import { START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const NOW = START + 10_000;
const RESERVATION = { startsAt: START, endsAt: START + MINUTE, epoch: 0 };
const ledger = (change: Partial<Ledger> = {}): Ledger => ({
  epoch: 0,
  anchor: 0,
  length: MINUTE,
  limit: 1000,
  used: new Map([[START, 200]]),
  blockedUntil: 0,
  circuitOpenUntil: null,
  failures: 0,
  ...change,
});
const headers = (change: Partial<RateLimitHeaders> = {}): RateLimitHeaders => ({
  limit: 1000,
  remaining: 900,
  resetAt: START + MINUTE,
  ...change,
});

describe('what rate headers teach', () => {
  test.each<[string, Partial<RateLimitHeaders>, Partial<Ledger>]>([
    ['the same as is known', {}, {}],
    ['no headers', { limit: null, remaining: null, resetAt: null }, {}],
    ['a reset off by as much as clocks may be', { resetAt: START + MINUTE + SKEW }, {}],
    ['a reset in seconds, which is long past', { resetAt: START / 1000 }, {}],
    ['a reset in microseconds, which never comes', { resetAt: START * 1000 }, {}],
    ['a delta in seconds', { resetAt: 50 }, {}],
    ['a limit of nothing', { limit: 0, remaining: null }, {}],
    ['fewer calls than we have reserved', { remaining: 999 }, {}],
    ['a reservation of windows that we believed in before', { limit: 10 }, { epoch: 1 }],
  ])('nothing: %s', (_, change, stored) => {
    expect(correctionOf(ledger(stored), RESERVATION, headers(change), NOW, SKEW)).toBeNull();
  });

  test('a lower limit starts a new epoch', () => {
    expect(correctionOf(ledger(), RESERVATION, headers({ limit: 100, remaining: 90 }), NOW, SKEW)).toEqual({
      kind: 'new-epoch',
      epoch: 0,
      anchor: 0,
      length: MINUTE,
      limit: 100,
      // The next window is left out.
      blockedUntil: START + 2 * MINUTE,
    });
  });

  test('a higher limit is taken as it is', () => {
    expect(correctionOf(ledger(), RESERVATION, headers({ limit: 5000 }), NOW, SKEW)).toEqual({
      kind: 'raise-limit',
      limit: 5000,
      epoch: 0,
    });
  });

  test('calls that others made with the same credentials are counted', () => {
    expect(correctionOf(ledger(), RESERVATION, headers({ remaining: 500 }), NOW, SKEW)).toEqual({
      kind: 'count-others',
      window: START,
      tokens: 500,
    });
  });

  test('calls of another window are not', () => {
    const next = headers({ remaining: 500, resetAt: START + 2 * MINUTE });
    expect(correctionOf(ledger(), RESERVATION, next, START + MINUTE + 1, SKEW)).toBeNull();
  });

  test('windows that begin elsewhere start a new epoch with their boundary', () => {
    expect(correctionOf(ledger(), RESERVATION, headers({ resetAt: START + 35_000 }), NOW, SKEW)).toMatchObject({
      kind: 'new-epoch',
      anchor: START + 35_000,
      length: MINUTE,
    });
  });

  test('windows that are longer are learnt from two resets', () => {
    const real = 15 * MINUTE;
    const first = correctionOf(ledger(), RESERVATION, headers({ resetAt: START + real }), NOW, SKEW);
    if (first?.kind !== 'new-epoch') throw new Error('the first reset taught nothing');
    const after = START + real + 10_000;
    const known = ledger({ anchor: first.anchor, length: first.length, epoch: 1 });
    const reservation = { startsAt: START + real, endsAt: START + real + known.length, epoch: 1 };
    const second = correctionOf(known, reservation, headers({ resetAt: START + 2 * real }), after, SKEW);
    const length = second?.kind === 'new-epoch' ? second.length : known.length;
    expect(length).toBe(real);
  });
});

describe('a reset', () => {
  test.each([
    ['in the future', NOW + 1, true],
    ['just past', NOW - SKEW + 1, true],
    ['past', NOW - SKEW, false],
    ['within the hour', NOW + 60 * MINUTE, true],
    ['beyond the hour', NOW + 60 * MINUTE + 1, false],
    ['that is not given', null, false],
  ])('%s is credible: %s', (_, resetAt, credible) => {
    expect(credibleReset(headers({ resetAt }), NOW, SKEW)).toBe(credible ? resetAt : null);
  });
});
