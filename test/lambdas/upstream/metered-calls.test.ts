import { describe, expect, test } from 'vitest';
import type { Granted } from '#lambdas/upstream/budget.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import { type MeteringPorts, meteredCalls } from '#lambdas/upstream/metered-calls.ts';
import type { RateLimitHeaders } from '#lambdas/upstream/rate-limit-headers.ts';
import { aLedger, FIRST_WINDOW } from '#test/world/builders.ts';
import { answered, TOO_MANY, UNAUTHORIZED } from '#test/world/consent-behaviour.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';
import { START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const NO_HEADERS: RateLimitHeaders = { limit: null, remaining: null, resetAt: null };
const permitFor = (tokens: number): Granted => ({
  granted: true,
  halfOpen: false,
  forClient: false,
  taken: true,
  reservation: { window: FIRST_WINDOW, startsAt: START, endsAt: START + MINUTE, tokens, tight: false, epoch: 0 },
  seen: aLedger(),
});

/** Metered calls, and what they ask of the budget. */
function metered(tokens: number, change: Partial<MeteringPorts['budget']> = {}) {
  const asked: string[] = [];
  const telemetry = memoryTelemetry();
  let now = START;
  const budget: MeteringPorts['budget'] = {
    learn: async (_, __, { headers, callsMade }) => {
      await Promise.resolve();
      asked.push(`learn ${(headers.resetAt ?? 0) - START} after ${callsMade}`);
    },
    record: async (_, __, { circuit }) => {
      asked.push(`record ${circuit}`);
      return circuit === 'open';
    },
    release: async (_, __, count) => {
      asked.push(`release ${count}`);
    },
    ...change,
  };
  const calls = meteredCalls(
    { budget, clock: { now: () => now }, telemetry },
    'lender',
    permitFor(tokens),
    START + MINUTE,
    SKEW,
  );
  const make = async (failure: UpstreamFailure | null = null, headers: Partial<RateLimitHeaders> = {}) => {
    if (!calls.tryAcquire()) return false;
    await calls.make('status', async () => {
      now += 100;
      const told = { ...NO_HEADERS, ...headers };
      return failure ? { ok: false, failure, headers: told } : { ok: true, value: '', headers: told };
    });
    return true;
  };
  return { calls, make, asked, telemetry };
}
const broken = async (): Promise<never> => {
  throw new Error('the table is away');
};

describe('calls under a permit', () => {
  test('are recorded once, counted, and timed; what was not used goes back', async () => {
    const { calls, make, asked, telemetry } = metered(3);
    await make();
    await make();
    await calls.finish();
    expect(asked).toEqual(['record keep', 'release 1']);
    expect(telemetry.countOf('UpstreamCall')).toBe(2);
    expect(telemetry.countOf('UpstreamRateLimited')).toBe(0);
    expect(telemetry.countOf('CircuitOpened')).toBe(0);
    expect(telemetry.valuesOf('UpstreamMilliseconds')).toEqual([200]);
    expect(telemetry.notes).toEqual([]);
  });

  test.each([
    [10, 9, ['record keep', 'release 1']],
    [11, 10, ['record keep']],
  ])('of %i tokens that used %i: %j', async (tokens, used, expected) => {
    const { calls, make, asked } = metered(tokens);
    for (let call = 0; call < used; call += 1) await make();
    await calls.finish();
    expect(asked).toEqual(expected);
  });

  test('that are refused open the circuit at once, and only once', async () => {
    const { calls, make, asked, telemetry } = metered(2);
    await make(UNAUTHORIZED);
    expect(calls.circuit).toBe('open');
    expect(asked).toEqual(['record open']);
    expect(await make()).toBe(false);
    await calls.finish();
    expect(asked).toEqual(['record open', 'release 1']);
    expect(telemetry.countOf('CircuitOpened')).toBe(1);
    expect(telemetry.notes).toEqual(['circuit opened {"organisationId":"lender"}']);
  });

  test('that were under way when the circuit opened record nothing more', async () => {
    const { calls, asked } = metered(2);
    const refused = async () => ({ ok: false, failure: UNAUTHORIZED, headers: NO_HEADERS }) as const;
    calls.tryAcquire();
    calls.tryAcquire();
    await Promise.all([calls.make('status', refused), calls.make('status', refused)]);
    await calls.finish();
    expect(asked).toEqual(['record open']);
  });

  test('that are answered 5xx open the circuit, unless they are said to be repeats', async () => {
    const { calls, make } = metered(50);
    for (let call = 0; call < 50; call += 1) await make(call < 25 ? null : answered(500, null));
    expect(calls.circuit).toBe('open');
  });

  test('that show another end of the window teach it at once, before tokens go back', async () => {
    const { calls, make, asked } = metered(3);
    await make(null, { resetAt: START + 30_000 });
    await make(null, { resetAt: START + 25_000 });
    await calls.finish();
    expect(asked).toEqual(['learn 30000 after 1', 'record keep', 'release 1']);
  });

  test('that are answered 429 are counted', async () => {
    const { calls, make, telemetry } = metered(1);
    await make(TOO_MANY);
    await calls.finish();
    expect(telemetry.countOf('UpstreamRateLimited')).toBe(1);
  });

  test('keep their results when the ledger is away', async () => {
    const { calls, make, telemetry } = metered(2, { learn: broken, record: broken, release: broken });
    expect(await make(null, { resetAt: START + 30_000 })).toBe(true);
    await calls.finish();
    const update = 'could not update the budget {"organisationId":"lender","error":"Error: the table is away"}';
    const release = 'could not release unused tokens {"organisationId":"lender","error":"Error: the table is away"}';
    expect(telemetry.notes).toEqual([update, update, release]);
  });

  test('say that one of them tried an open circuit', async () => {
    const telemetry = memoryTelemetry();
    const budget = { learn: broken, record: async () => false, release: broken };
    const permit = { ...permitFor(1), halfOpen: true };
    const calls = meteredCalls({ budget, clock: { now: () => START }, telemetry }, 'lender', permit, START + 1, SKEW);
    calls.tryAcquire();
    await calls.make('status', async () => ({ ok: true, value: '', headers: NO_HEADERS }));
    await calls.finish();
    expect(telemetry.countOf('CircuitHalfOpen')).toBe(1);
  });
});
