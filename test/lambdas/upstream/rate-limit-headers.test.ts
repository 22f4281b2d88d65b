import { describe, expect, test } from 'vitest';
import type { Anchor, Ledger } from '#lambdas/upstream/ledger.ts';
import { correctionOf, credibleReset, type RateLimitHeaders, toldEnd } from '#lambdas/upstream/rate-limit-headers.ts';
import { aLedger, FIRST_WINDOW } from '#test/world/builders.ts';
import { START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const NOW = START + 10_000;
const RESERVATION = { window: FIRST_WINDOW, tokens: 200, epoch: 0 };
const ledger = (change: Partial<Ledger> = {}): Ledger => aLedger({ taken: new Map([[FIRST_WINDOW, 200]]), ...change });
const headers = (change: Partial<RateLimitHeaders> = {}): RateLimitHeaders => ({
  limit: 1000,
  remaining: 900,
  resetAt: START + MINUTE,
  ...change,
});
const correctionBy = (change: Partial<RateLimitHeaders>, stored: Partial<Ledger> = {}, callsMade = 100) =>
  correctionOf(ledger(stored), RESERVATION, { endpoint: 'status', headers: headers(change), callsMade }, NOW, SKEW);

describe('what rate headers teach', () => {
  test.each<[string, Partial<RateLimitHeaders>, Partial<Ledger>]>([
    ['the same as is known', {}, {}],
    ['no headers', { limit: null, remaining: null, resetAt: null }, {}],
    ['a reset off by as much as clocks may be', { resetAt: START + MINUTE + SKEW }, {}],
    ['a reset in seconds, which is long past', { resetAt: START / 1000 }, {}],
    ['a reset in microseconds, which never comes', { resetAt: START * 1000 }, {}],
    ['a delta in seconds', { resetAt: 50 }, {}],
    ['a limit of nothing', { limit: 0, remaining: null }, {}],
    ['no word of what remains', { remaining: null }, {}],
    ['no limit, but what remains of it', { limit: null, remaining: 0 }, {}],
    ['fewer calls than we have made', { remaining: 999 }, {}],
    ['calls that our other workers may have made', { remaining: 500 }, { taken: new Map([[FIRST_WINDOW, 600]]) }],
    ['calls of others that are known', { remaining: 500 }, { otherCalls: new Map([[FIRST_WINDOW, 400]]) }],
    ['a limit, to a reservation of an earlier epoch', { limit: 10 }, { epoch: 1 }],
  ])('nothing: %s', (_, change, stored) => {
    expect(correctionBy(change, stored)).toBeNull();
  });

  test('calls that others made with the same credentials, apart from what is reserved and not yet called', () => {
    const calls = { kind: 'count-others', window: FIRST_WINDOW, calls: 600 };
    expect(correctionBy({ remaining: 350 }, {}, 50)).toEqual(calls);
    // Of 300 tokens, 100 are another worker's, who may have called.
    expect(correctionBy({ remaining: 250 }, { taken: new Map([[FIRST_WINDOW, 300]]) }, 50)).toEqual(calls);
  });

  test('nothing of others where the window has changed since', () => {
    const known = { anchor: { window: FIRST_WINDOW, endsAt: START + MINUTE, isTold: true } };
    const told = {
      endpoint: 'status',
      headers: headers({ remaining: 0, resetAt: START + 2 * MINUTE }),
      callsMade: 1,
    } as const;
    expect(correctionOf(ledger(known), RESERVATION, told, START + MINUTE + 1, SKEW)).toBeNull();
  });
});

describe('a limit', () => {
  test('that is lower starts a new epoch, in which what is taken of the present window counts', () => {
    expect(correctionBy({ limit: 100, remaining: 90 })).toEqual({
      kind: 'lower-limit',
      endpoint: 'status',
      limit: 100,
      epoch: 0,
      window: FIRST_WINDOW,
      taken: 200,
    });
  });

  test('of one call is believed', () => {
    expect(correctionBy({ limit: 1, remaining: 0 })).toMatchObject({ kind: 'lower-limit', limit: 1 });
  });

  test('that falls to the lowest there is starts no new epoch', () => {
    const limits = new Map([['request', 300] as const, ['status', 1000] as const]);
    expect(correctionBy({ limit: 300 }, { limits, limit: 300 })).toEqual({
      kind: 'tell-limit',
      endpoint: 'status',
      limit: 300,
      epoch: 0,
    });
  });

  test('that is higher is taken as it is', () => {
    const told = { kind: 'tell-limit', endpoint: 'status', limit: 5000, epoch: 0 };
    expect(correctionBy({ limit: 5000 })).toEqual(told);
  });

  test("that is an endpoint's own does not raise the lowest, and is told once", () => {
    const known = { limits: new Map([['request', 300] as const]), limit: 300 };
    expect(correctionBy({ limit: 1000 }, known)).toMatchObject({ kind: 'tell-limit', endpoint: 'status' });
    const both = { ...known, limits: new Map([...known.limits, ['status', 1000] as const]) };
    expect(correctionBy({ limit: 1000, remaining: 990 }, both)).toBeNull();
  });
});

describe('the end of a window', () => {
  const told = (window: number, endsAt: number): Anchor => ({ window, endsAt: START + endsAt, isTold: true });
  const endBy = (resetAt: number, stored: Partial<Ledger> = {}, now = NOW) => {
    const end = toldEnd(ledger(stored), headers({ resetAt: START + resetAt }), now, SKEW);
    return end && [end.window - FIRST_WINDOW, end.endsAt - START, end.length];
  };

  test.each<[string, number, Partial<Ledger>, number, readonly [number, number, number] | null]>([
    ['is that of the present window, earlier', 35_000, {}, 10_000, [0, 35_000, MINUTE]],
    [
      'is that of the present window, later, which is then as long as what is left of it',
      150_000,
      {},
      10_000,
      [0, 150_000, 140_000],
    ],
    [
      'tells the length with the end before it: longer',
      240_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      42_000,
      [1, 240_000, 200_000],
    ],
    [
      'tells the length with the end before it: shorter',
      70_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      42_000,
      [1, 70_000, 30_000],
    ],
    [
      'tells no length where a window lies between',
      215_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      180_000,
      [3, 215_000, MINUTE],
    ],
    [
      'that was told stays when an endpoint has an earlier one',
      30_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      20_000,
      null,
    ],
    [
      'that was told is put off when an endpoint has a later one',
      48_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      20_000,
      [0, 48_000, MINUTE],
    ],
    [
      'just after the last one is that of another endpoint',
      47_000,
      { anchor: told(FIRST_WINDOW, 40_000) },
      41_000,
      [0, 47_000, MINUTE],
    ],
    [
      'that leaves no room for a call is that of another endpoint, in short windows too',
      47_000,
      { anchor: told(FIRST_WINDOW, 40_000), length: 30_000 },
      41_000,
      [0, 47_000, 30_000],
    ],
    ['that is over tells nothing', 40_000, { anchor: told(FIRST_WINDOW, 30_000) }, 40_000, null],
  ])('%s', (_, resetAt, stored, now, expected) => {
    expect(endBy(resetAt, stored, START + now)).toEqual(expected);
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
