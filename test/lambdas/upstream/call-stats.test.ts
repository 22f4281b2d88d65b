import { describe, expect, test } from 'vitest';
import { callStats } from '#lambdas/upstream/call-stats.ts';
import { UPSTREAM_ERRORS, type UpstreamFailure, upstreamErrorOf } from '#lambdas/upstream/failures.ts';
import { answered, LOST, TOO_MANY, UNAUTHORIZED, UNREACHABLE } from '#test/world/consent-behaviour.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';

type Headers = { readonly limit: number | null; readonly remaining: number | null; readonly resetAt: null };

/** What is told of calls that ended so, each after its number of milliseconds. */
function telemetryOf(
  ends: readonly (readonly [number, UpstreamFailure | null])[],
  { halfOpen = false, headers = null }: { halfOpen?: boolean; headers?: Headers | null } = {},
) {
  const telemetry = memoryTelemetry();
  const stats = callStats(telemetry);
  for (const [milliseconds, failure] of ends) stats.record(milliseconds, failure);
  stats.report(halfOpen, headers);
  return telemetry;
}

test('adds up the time that calls took, and knows the slowest', () => {
  const telemetry = telemetryOf([
    [100, null],
    [900, LOST],
    [200, null],
  ]);
  expect(telemetry.valuesOf('UpstreamMilliseconds')).toEqual([1200]);
  expect(telemetry.valuesOf('SlowestCallMilliseconds')).toEqual([900]);
});

test('says nothing where no call was made', () => {
  const telemetry = telemetryOf([], { headers: { limit: 1000, remaining: 10, resetAt: null } });
  expect(telemetry.valuesOf('UpstreamMilliseconds')).toEqual([]);
  expect(telemetry.valuesOf('BudgetUsedPercent')).toEqual([]);
});

test.each<[Headers | null, readonly number[]]>([
  [{ limit: 1000, remaining: 250, resetAt: null }, [75]],
  [{ limit: 1000, remaining: 0, resetAt: null }, [100]],
  [{ limit: 1000, remaining: null, resetAt: null }, []],
  [{ limit: null, remaining: 4, resetAt: null }, []],
  [{ limit: 0, remaining: 0, resetAt: null }, []],
  [null, []],
])('with the headers %j the budget used is %j', (headers, expected) => {
  expect(telemetryOf([[1, null]], { headers }).valuesOf('BudgetUsedPercent')).toEqual(expected);
});

test('counts a half-open call, also when it was not made', () => {
  expect(telemetryOf([], { halfOpen: true }).countOf('CircuitHalfOpen')).toBe(1);
  expect(telemetryOf([[1, null]]).countOf('CircuitHalfOpen')).toBe(0);
});

describe('a failed call', () => {
  test.each<[UpstreamFailure, (typeof UPSTREAM_ERRORS)[number], 'fault' | 'unauthorized' | null]>([
    [UNREACHABLE, 'Unreachable', 'fault'],
    [LOST, 'AnswerLost', 'fault'],
    [answered(500, null), 'ServerError', 'fault'],
    [answered(503, 'ServiceUnavailable'), 'ServerError', 'fault'],
    [answered(408, null), 'ServerError', 'fault'],
    [TOO_MANY, 'TooManyRequests', null],
    [answered(429, null), 'TooManyRequests', null],
    [UNAUTHORIZED, 'Unauthorized', 'unauthorized'],
    [answered(403, null), 'Unauthorized', 'unauthorized'],
    [answered(400, 'SignatureDoesNotMatch'), 'Unauthorized', 'unauthorized'],
    [answered(408, 'RequestTimeout'), 'ServerError', 'fault'],
    [answered(500, 'InternalError'), 'ServerError', 'fault'],
    [answered(400, 'ServiceUnavailable'), 'ServerError', 'fault'],
    [answered(400, 'TooManyRequests'), 'TooManyRequests', null],
    [answered(403, 'Forbidden'), 'Unauthorized', 'unauthorized'],
    [answered(400, 'Unauthorized'), 'Unauthorized', 'unauthorized'],
    [answered(401, 'Forbidden'), 'Unauthorized', 'unauthorized'],
    [answered(400, 'NeverHeardOf'), 'Other', null],
    [answered(400, null), 'ServerError', 'fault'],
    [answered(302, null), 'ServerError', 'fault'],
  ])('%j is counted as %s', (failure, name, kind) => {
    const telemetry = telemetryOf([[1, failure]]);
    const counted = UPSTREAM_ERRORS.filter((each) => telemetry.countOf(`UpstreamError.${each}`) > 0);
    expect(counted).toEqual([name]);
    expect(telemetry.countOf('UpstreamFault')).toBe(kind === 'fault' ? 1 : 0);
    expect(telemetry.countOf('UpstreamUnauthorized')).toBe(kind === 'unauthorized' ? 1 : 0);
  });

  test.each([
    'ConsentExpired',
    'ConsentPaused',
    'ConsentRevoked',
    'DataFetchRequestInProgress',
    'InvalidConfigId',
    'InvalidConsentId',
    'InvalidConsentStatus',
    'InvalidConsentUse',
    'InvalidDateRange',
    'InvalidRequest',
    'NoDataFound',
  ])('that has the code %s is counted by it', (code) => {
    expect(upstreamErrorOf(answered(400, code))).toBe(code);
  });

  test('is counted under one of a fixed set of names, whatever the upstream says', () => {
    expect(new Set(UPSTREAM_ERRORS).size).toBe(UPSTREAM_ERRORS.length);
    for (const code of ['', 'constructor', 'X'.repeat(10_000), 'a code with someone@finvu in it']) {
      expect(upstreamErrorOf(answered(400, code))).toBe('Other');
    }
  });
});

describe('errors that are in no rule', () => {
  test('are noted once, with the first code', () => {
    const { notes } = telemetryOf([
      [1, answered(400, 'NeverHeardOf')],
      [1, answered(400, 'NorOfThis')],
      [1, answered(400, 'ConsentRevoked')],
    ]);
    expect(notes).toEqual(['no rule for an upstream error code {"errorCode":"NeverHeardOf"}']);
  });

  test('are noted without what is no code', () => {
    const { notes } = telemetryOf([[1, answered(400, 'someone@finvu 1234')]]);
    expect(notes).toEqual(['no rule for an upstream error code {"errorCode":"UpstreamError"}']);
  });

  test('that are in one are not noted', () => {
    expect(telemetryOf([[1, answered(400, 'ConsentRevoked')]]).notes).toEqual([]);
  });
});
