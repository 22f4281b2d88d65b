import { beforeEach, describe, expect, test } from 'vitest';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import { askFiStatus } from '#lambdas/upstream/fi-request-status/ask.ts';
import { memoryStatusCache } from '#lambdas/upstream/fi-request-status/status-cache.ts';
import type { FiStatusDocument, UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import { memoryLedgers } from '#test/world/ledgers.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 30);
const SESSION = '7b863266-fcae-478b-906d-4d69e818fe18';
const NO_HEADERS = { limit: null, remaining: null, resetAt: null };
const documentOf = (eventStatus: string): FiStatusDocument => ({
  message: 'success',
  data: { sessionId: SESSION, eventStatus },
});
const failed = (failure: UpstreamFailure): UpstreamAnswer<FiStatusDocument> => ({
  ok: false,
  failure,
  headers: NO_HEADERS,
});

/** Ports that answer as they are told, and remember what they were asked. */
function world() {
  let now = NOW;
  const script: {
    blocks: number[];
    answer: UpstreamAnswer<FiStatusDocument>;
    credentialsTime: number;
  } = {
    /** Until when the ledger is found blocked, at each look at it; then it's free. */
    blocks: [],
    answer: { ok: true, value: documentOf('PENDING'), headers: NO_HEADERS },
    /** How long the credentials take to read, in milliseconds. */
    credentialsTime: 0,
  };
  const settings = readSettings({});
  const ledgers = memoryLedgers(settings);
  const waits: number[] = [];
  const telemetry = memoryTelemetry();
  let calls = 0;
  const ports = {
    clock: { now: () => now },
    telemetry,
    settings,
    wait: async (milliseconds: number) => {
      waits.push(milliseconds);
      now += milliseconds;
    },
    ledgers: {
      ...ledgers,
      read: async (organisationId: string) => {
        const until = script.blocks.shift();
        if (until !== undefined) await ledgers.apply(organisationId, { kind: 'block', until });
        return ledgers.read(organisationId);
      },
    },
    statusCache: memoryStatusCache(),
    finPro: {
      prepare: async () => {
        now += script.credentialsTime;
      },
      statusDocument: async () => {
        calls += 1;
        return script.answer;
      },
    },
  };
  const ask = (organisationId = 'lender', query: object = { sessionId: SESSION }) =>
    askFiStatus(ports, organisationId, query);
  return {
    script,
    ledgers,
    waits,
    telemetry,
    ask,
    calls: () => calls,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

let it: ReturnType<typeof world>;
beforeEach(() => {
  it = world();
});

const refusalOf = async (look: Promise<unknown>): Promise<Partial<ServiceError>> => {
  const error = await look.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw new Error(`not refused: ${String(error)}`);
  const { kind, code, retryAfter } = error;
  return { kind, code, ...(retryAfter === undefined ? {} : { retryAfter }) };
};

describe('a final status', () => {
  test.each(['DATA_READY', 'TIMEOUT', 'DATA_DENIED', 'SESSION_FAILED', 'SESSION_EXPIRED'])(
    '%s is kept for 60 s and one organisation',
    async (eventStatus) => {
      it.script.answer = { ok: true, value: documentOf(eventStatus), headers: NO_HEADERS };
      await it.ask();
      it.pass(59_999);
      expect(await it.ask()).toEqual(documentOf(eventStatus));
      expect(it.calls()).toBe(1);
      await it.ask('another');
      expect(it.calls()).toBe(2);
      it.pass(1);
      await it.ask();
      expect(it.calls()).toBe(3);
    },
  );

  test.each([
    ['sessionId', { sessionId: SESSION }],
    ['consentId', { consentId: SESSION }],
    ['consentHandle', { consentHandle: SESSION }],
  ])('of another %s than the one asked for is neither given nor kept', async (name, query) => {
    it.script.answer = {
      ok: true,
      value: { message: 'success', data: { ...query, [name]: 'another', eventStatus: 'DATA_READY' } },
      headers: NO_HEADERS,
    };
    for (let times = 0; times < 2; times += 1) {
      expect(await refusalOf(it.ask('lender', query))).toEqual({
        kind: 'upstream-failed',
        code: 'UpstreamUnavailable',
      });
    }
    expect(it.calls()).toBe(2);
    expect(it.telemetry.countOf('UpstreamMismatch')).toBe(2);
  });

  test('that does not tell what was asked for is given, and not kept', async () => {
    it.script.answer = { ok: true, value: documentOf('DATA_READY'), headers: NO_HEADERS };
    const query = { sessionId: SESSION.toUpperCase(), consentHandle: SESSION };
    for (let times = 0; times < 2; times += 1) expect(await it.ask('lender', query)).toEqual(documentOf('DATA_READY'));
    expect(it.calls()).toBe(2);
    expect(it.telemetry.countOf('UpstreamMismatch')).toBe(0);
  });
});

test.each(['PENDING', 'SOMETHING_NEW'])('the status %s is asked for each time', async (eventStatus) => {
  it.script.answer = { ok: true, value: documentOf(eventStatus), headers: NO_HEADERS };
  await it.ask();
  await it.ask();
  expect(it.calls()).toBe(2);
});

describe('without a token', () => {
  test('a client waits for up to 2 s', async () => {
    it.script.blocks = [NOW + 700, NOW + 2_000];
    await it.ask();
    expect(it.waits).toEqual([700, 1_300]);
    expect(it.calls()).toBe(1);
  });

  test('and is then told when to come again, without a call', async () => {
    it.script.blocks = [NOW + 700, NOW + 2_001];
    expect(await refusalOf(it.ask())).toEqual({ kind: 'too-many', code: 'TooManyRequests', retryAfter: 1_301 });
    expect(it.calls()).toBe(0);
  });

  test('takes its token once the credentials are at hand, of the window of then', async () => {
    it.script.credentialsTime = 40_000;
    await it.ask();
    const { taken } = await it.ledgers.read('lender');
    expect([...taken]).toEqual([[Math.floor((NOW + 40_000) / 60_000), 1]]);
  });

  test('behind an open circuit is told at once', async () => {
    await it.ledgers.apply('lender', { kind: 'open-circuit', until: NOW + 1_000, by: 'another' });
    expect(await refusalOf(it.ask())).toEqual({
      kind: 'upstream-failed',
      code: 'UpstreamUnavailable',
      retryAfter: 1_000,
    });
    expect([it.calls(), it.waits]).toEqual([0, []]);
  });
});

const answered = (status: number, code: string | null): UpstreamFailure => ({
  sent: 'answered',
  status,
  code,
  message: 'said by FinPro',
});

describe('an open circuit is tried by the workers', () => {
  test.each([
    ['refused', failed(answered(403, null))],
    ['answered', { ok: true, value: documentOf('PENDING'), headers: NO_HEADERS } as const],
  ])('though a look-up is %s meanwhile', async (_, answer) => {
    await it.ledgers.apply('lender', { kind: 'open-circuit', until: NOW - 1_000, by: 'another' });
    it.script.answer = answer;
    await it.ask().catch(() => {});
    expect(it.calls()).toBe(1);
    expect(it.ledgers.of('lender').circuitOpenUntil).toBe(NOW - 1_000);
  });
});

describe('what the upstream says is told as what it is', () => {
  test.each<[UpstreamFailure, Partial<ServiceError>]>([
    [answered(400, 'InvalidSessionId'), { kind: 'invalid', code: 'InvalidSessionId' }],
    [answered(404, 'InvalidConsentId'), { kind: 'invalid', code: 'InvalidConsentId' }],
    [answered(200, 'NoDataFound'), { kind: 'invalid', code: 'NoDataFound' }],
    [answered(400, 'InvalidRequest'), { kind: 'invalid', code: 'InvalidRequest' }],
    [answered(400, 'someone@finvu 1234'), { kind: 'invalid', code: 'UpstreamError' }],
    [answered(404, null), { kind: 'upstream-failed', code: 'UpstreamUnavailable' }],
    [answered(401, 'Unauthorized'), { kind: 'upstream-failed', code: 'UpstreamUnavailable' }],
    [answered(403, null), { kind: 'upstream-failed', code: 'UpstreamUnavailable' }],
    [answered(429, null), { kind: 'too-many', code: 'TooManyRequests', retryAfter: 1_000 }],
    [answered(500, 'InternalError'), { kind: 'upstream-failed', code: 'UpstreamUnavailable' }],
    [answered(503, 'ServiceUnavailable'), { kind: 'upstream-failed', code: 'UpstreamUnavailable' }],
    [answered(504, null), { kind: 'upstream-timeout', code: 'UpstreamTimeout' }],
    [
      { sent: 'no', message: 'refused' },
      { kind: 'upstream-failed', code: 'UpstreamUnavailable' },
    ],
    [
      { sent: 'maybe', timedOut: false, message: 'cut' },
      { kind: 'upstream-failed', code: 'UpstreamUnavailable' },
    ],
    [
      { sent: 'maybe', timedOut: true, message: 'late' },
      { kind: 'upstream-timeout', code: 'UpstreamTimeout' },
    ],
  ])('%j', async (failure, refusal) => {
    it.script.answer = failed(failure);
    expect(await refusalOf(it.ask())).toEqual(refusal);
  });

  test('and the budget learns of it: of a 429 and of an upstream that is away, and not of a refused look-up', async () => {
    const failures = {
      limited: answered(429, null),
      refused: answered(401, null),
      away: { sent: 'no', message: 'refused' },
    } as const;
    for (const [organisationId, failure] of Object.entries(failures)) {
      it.script.answer = failed(failure);
      await it.ask(organisationId).catch(() => {});
    }
    expect(it.ledgers.of('limited').blockedUntil).toBeGreaterThan(NOW);
    expect(it.ledgers.of('refused').circuitOpenUntil).toBeNull();
    expect(it.ledgers.of('away')).toMatchObject({ circuitOpenUntil: null, failures: 2 });
    expect(it.telemetry.countOf('CircuitOpened')).toBe(0);
  });
});
