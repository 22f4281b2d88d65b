import { describe, expect, test } from 'vitest';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import { callLimiter } from '#lambdas/upstream/metered-calls.ts';
import type { RateLimitHeaders } from '#lambdas/upstream/rate-limit-headers.ts';
import { aLedger, FIRST_WINDOW } from '#test/world/builders.ts';
import { answered, LOST, TOO_MANY, UNAUTHORIZED, UNREACHABLE } from '#test/world/consent-behaviour.ts';
import { START } from '#test/world/unit-worlds.ts';

const SKEW = 2_000;
const NO_HEADERS: RateLimitHeaders = { limit: null, remaining: null, resetAt: null };

function aLimiter({ tokens = 100, halfOpen = false, callsEndAt = START + 1_000 } = {}) {
  let now = START;
  const reservation = { window: FIRST_WINDOW, startsAt: START, endsAt: START + 60_000, tokens, tight: false, epoch: 0 };
  const limiter = callLimiter(
    { now: () => now },
    { reservation, halfOpen, forClient: false, seen: aLedger() },
    callsEndAt,
    SKEW,
  );
  return {
    limiter,
    at: (time: number) => {
      now = time;
    },
    /** Makes calls that end so; says how many could start. */
    call: (...failures: readonly (UpstreamFailure | null)[]): number =>
      failures.filter((failure) => {
        const mayStart = limiter.tryAcquire();
        if (mayStart) limiter.record('status', NO_HEADERS, failure);
        return mayStart;
      }).length,
  };
}
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe('a limiter', () => {
  test('lets as many calls start as there are tokens', () => {
    const { limiter, call } = aLimiter({ tokens: 3 });
    expect(call(...times(5, null))).toBe(3);
    expect(limiter).toMatchObject({ tokensLeft: 0, callsMade: 3, circuit: 'keep' });
  });

  test('lets none start when their time is over', () => {
    const { call, at } = aLimiter();
    at(START + 999);
    expect(call(null)).toBe(1);
    at(START + 1_000);
    expect(call(null)).toBe(0);
  });

  test('lets none start after a 429, and says so', () => {
    const { limiter, call } = aLimiter();
    expect(call(null, TOO_MANY, null)).toBe(2);
    expect(limiter.outcomes).toMatchObject({ rateLimited: true, circuit: 'keep' });
  });

  test('keeps the hint on the latest window, and of one window the least that remained', () => {
    const { limiter } = aLimiter();
    const hint = (remaining: number, resetAt: number): RateLimitHeaders => ({ limit: 1000, remaining, resetAt });
    for (const each of [hint(7, 1), hint(9, 2), hint(5, 2), hint(6, 2), hint(1, 1), NO_HEADERS])
      limiter.record('status', each, null);
    expect(limiter.outcomes.headers).toEqual(hint(5, 2));
  });
});

test.each<[Partial<RateLimitHeaders>, boolean]>([
  [{}, false],
  [{ remaining: 5 }, false],
  [{ limit: 1000 }, true],
  [{ resetAt: START }, true],
])('of the headers %j something is kept: %s', (change, isKept) => {
  const { limiter } = aLimiter();
  const headers = { ...NO_HEADERS, ...change };
  limiter.record('status', headers, null);
  expect(limiter.outcomes.headers).toEqual(isKept ? headers : null);
});

describe('an answer that names another end of the window', () => {
  const told = (endsAt: number): RateLimitHeaders => ({ limit: 1000, remaining: 900, resetAt: START + endsAt });

  test('ends the calls of its worker before an earlier one', () => {
    const { limiter, call, at } = aLimiter({ callsEndAt: START + 50_000 });
    limiter.record('status', told(30_000), null);
    at(START + 27_999);
    expect(call(null)).toBe(1);
    at(START + 28_000);
    expect(call(null)).toBe(0);
  });

  test('does not prolong them to a later one', () => {
    const { limiter, call, at } = aLimiter({ callsEndAt: START + 50_000 });
    limiter.record('status', told(90_000), null);
    at(START + 50_000);
    expect(call(null)).toBe(0);
  });

  test('is told once, with the calls made by then; one that names the expected end is not', () => {
    const { limiter, call } = aLimiter();
    limiter.record('status', told(60_000), null);
    expect(limiter.movedWindow).toBeNull();
    call(null, null);
    limiter.record('request', told(30_000), null);
    call(null);
    limiter.record('status', told(20_000), null);
    expect(limiter.movedWindow).toEqual({ endpoint: 'request', headers: told(30_000), callsMade: 2 });
  });

  test('is kept for each endpoint, the one with the least that remained, as it first came', () => {
    const { limiter, call } = aLimiter();
    limiter.record('request', told(30_000), null);
    call(null);
    limiter.record('status', told(30_000), null);
    limiter.record('request', { ...told(30_000), remaining: 899 }, null);
    call(null);
    limiter.record('request', { ...told(30_000), remaining: 899 }, null);
    limiter.record('request', told(30_000), null);
    expect(limiter.outcomes.told).toEqual([
      { endpoint: 'request', headers: { ...told(30_000), remaining: 899 }, callsMade: 1 },
      { endpoint: 'status', headers: told(30_000), callsMade: 1 },
    ]);
  });
});

describe('the circuit', () => {
  test.each<[string, readonly (UpstreamFailure | null)[]]>([
    ['a 401', [UNAUTHORIZED]],
    ['a 403', [answered(403, null)]],
    ['five connection failures in a row', times(5, UNREACHABLE)],
    ['ten answers in a row that were lost', times(10, LOST)],
    ['half of fifty calls answered 5xx', [...times(25, null), ...times(25, answered(500, null))]],
    ['half of the last fifty of many', [...times(60, null), ...times(25, answered(500, null))]],
    ['the same, taking turns', times(25, null).flatMap(() => [answered(503, null), null])],
  ])('opens at %s, and stops all calls', (_, failures) => {
    const { limiter, call } = aLimiter();
    expect(call(...failures.slice(0, -1))).toBe(failures.length - 1);
    if (failures.at(-1) !== null) expect(limiter.circuit).toBe('keep');
    call(failures.at(-1) ?? null);
    expect(limiter.circuit).toBe('open');
    expect(call(null)).toBe(0);
  });

  test.each<[string, readonly (UpstreamFailure | null)[]]>([
    ['four connection failures', times(4, UNREACHABLE)],
    ['more of them with answers between', times(20, UNREACHABLE).flatMap((each) => [each, each, null])],
    ['any error of a row', times(60, answered(400, 'ConsentRevoked'))],
    ['5xx to fewer than half', times(24, null).flatMap(() => [answered(500, null), null, null])],
    ['5xx to all of 49', times(49, answered(500, null))],
    [
      '5xx that are long past',
      [...times(24, answered(500, null)), ...times(30, null), ...times(24, answered(500, null))],
    ],
    ['a 429', [TOO_MANY]],
  ])('stays closed at %s', (_, failures) => {
    const { limiter, call } = aLimiter();
    call(...failures);
    expect(limiter.circuit).toBe('keep');
  });
});

describe('what the circuit sees', () => {
  const closed = (): ReturnType<typeof aLimiter>['limiter'] => aLimiter().limiter;

  test.each<[string, readonly (UpstreamFailure | null)[], number, boolean]>([
    ['no call', [], 0, false],
    ['failed connections, and answers that were lost', [UNREACHABLE, LOST], 3, false],
    ['the same after an answer', [UNREACHABLE, null, UNREACHABLE, LOST], 3, true],
    ['an answer after them', [UNREACHABLE, LOST, TOO_MANY], 0, true],
  ])('in a row: %s', (_, ends, weight, afterAnswer) => {
    const limiter = closed();
    for (const failure of ends) limiter.record('status', NO_HEADERS, failure);
    expect(limiter.outcomes.failures).toEqual({ weight, afterAnswer });
  });

  test('is nothing new in a 5xx for a row that had one before', () => {
    const limiter = closed();
    const record = (count: number, failure: UpstreamFailure | null, isRepeat: boolean): void => {
      for (const each of times(count, failure)) limiter.record('status', NO_HEADERS, each, isRepeat);
    };
    record(25, null, true);
    record(24, answered(500, null), false);
    record(50, answered(500, null), true);
    expect(limiter.circuit).toBe('keep');
    record(1, answered(500, null), false);
    expect(limiter.circuit).toBe('open');
  });

  test('stays seen: calls that were under way and end well do not close it', () => {
    const limiter = closed();
    limiter.record('status', NO_HEADERS, UNAUTHORIZED);
    limiter.record('status', NO_HEADERS, null);
    expect(limiter.circuit).toBe('open');
  });
});

describe('a half-open call', () => {
  test('is one call, however many tokens there are', () => {
    expect(aLimiter({ halfOpen: true }).call(null, null)).toBe(1);
  });

  test.each<[string, UpstreamFailure | null, 'open' | 'close']>([
    ['went well', null, 'close'],
    ['was refused for its row', answered(400, 'ConsentRevoked'), 'close'],
    ['was answered 429: there is somebody', TOO_MANY, 'close'],
    ['could not connect', UNREACHABLE, 'open'],
    ['was not answered', LOST, 'open'],
    ['was answered 500', answered(500, null), 'open'],
    ['was answered 503', answered(503, 'ServiceUnavailable'), 'open'],
    ['was not authorized', UNAUTHORIZED, 'open'],
  ])('that %s: %s', (_, failure, circuit) => {
    const { limiter, call } = aLimiter({ halfOpen: true });
    call(failure);
    expect(limiter.circuit).toBe(circuit);
  });
});
