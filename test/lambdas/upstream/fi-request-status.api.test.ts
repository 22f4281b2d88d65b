import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { unpackJson } from '#lambdas/platform/dynamodb.ts';
import { type Simulator, startSimulator } from '#simulator/server.ts';
import { Caller } from '#test/simulator/caller.ts';
import {
  type ApiUnderTest,
  apiUnderTest,
  OTHER_TENANT,
  TENANT,
  upstreamCredentialsOf,
} from '#test/world/api-under-test.ts';

const LIMIT = 500;

let simulator: Simulator;
let upstream: Caller;
let api: ApiUnderTest;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0, timeScale: 0.01, rateLimit: null });
  upstream = new Caller(simulator.url, upstreamCredentialsOf(TENANT.organisationId).client_id);
  api = await apiUnderTest({
    FINPRO_BASE_URL: simulator.url,
    UPSTREAM_TIMEOUT_MILLISECONDS: '250',
    // A window that does not end while the tests run.
    CLIENT_RATE_WINDOW_MILLISECONDS: '86400000000',
    CLIENT_RATE_LIMIT: String(LIMIT),
  });
});
afterEach(() => upstream.control('PUT', '/_sim/faults', { errorRate: 0, latencyMs: [0, 1] }));
afterAll(async () => {
  await api.close();
  await simulator.close();
});

const lookUp = (body: unknown, headers?: Record<string, string>) => api.call('fi-request-status', body, headers);

/** An FI request that the upstream has answered with a session. */
async function session(scenario = 'ready', readyAfterSeconds = 0) {
  const consentId = randomUUID();
  await upstream.consent(consentId, { scenario, readyAfterSeconds, accounts: 2 });
  const sessionId = await upstream.open(consentId);
  return { consentId, sessionId };
}

const statusCallsFor = async (consentId: string): Promise<unknown> =>
  (await upstream.control('GET', `/_sim/consents/${consentId}`)).body;

describe('a look-up', () => {
  test('gives the documented answer of the upstream, whole', async () => {
    const { consentId, sessionId } = await session();
    const { status, body } = await lookUp({ consentId, sessionId });
    expect(status).toBe(200);
    expect(body).toEqual({
      ver: '1.21.0',
      timestamp: expect.stringMatching(/Z$/),
      txnid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'success',
      data: {
        timestamp: expect.stringMatching(/Z$/),
        consentHandle: expect.any(String),
        eventType: 'DATA',
        eventStatus: 'DATA_READY',
        consentId,
        vua: expect.any(String),
        eventMessage: `Data ready for consent id ${consentId}`,
        datafetchDate: expect.stringMatching(/Z$/),
        productID: expect.any(String),
        accountID: expect.any(String),
        fetchType: expect.any(String),
        consentExpiry: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        sessionId,
        dataExpiry: expect.stringMatching(/Z$/),
        firstTimeFetch: true,
        linkRefNumbers: Array.from({ length: 2 }, () => ({
          linkRefNumber: expect.any(String),
          fiStatus: 'DELIVERED',
          fipName: expect.any(String),
          fipId: expect.any(String),
          maskedAccountNumber: expect.stringMatching(/^X+\d{4}$/),
        })),
      },
      message: 'success',
    });
  });

  test('finds the latest session of a consent by its id and by its handle', async () => {
    const { consentId, sessionId } = await session();
    const { body } = await lookUp({ consentId });
    expect(body).toMatchObject({ data: { sessionId } });
    const { data } = body;
    const consentHandle = typeof data === 'object' && data !== null && 'consentHandle' in data && data.consentHandle;
    expect((await lookUp({ consentHandle })).body).toMatchObject({ data: { sessionId, consentId } });
  });

  test('asks for a session that has ended once a minute, by whatever it is looked up beside the session', async () => {
    const { consentId, sessionId } = await session('timeout');
    const answers = [
      await lookUp({ sessionId }),
      await lookUp({ sessionId: sessionId.toUpperCase() }),
      await lookUp({ sessionId, consentId }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body['data']))).size).toBe(1);
    expect(await statusCallsFor(consentId)).toMatchObject({ statusCalls: 1 });
    expect((await lookUp({ sessionId, consentId: randomUUID() })).body).toMatchObject({
      errorCode: 'InvalidSessionId',
    });
  });

  test('leaves nothing of a customer in the table', async () => {
    const { sessionId } = await session();
    const { body } = await lookUp({ sessionId });
    const { vua } = z.object({ data: z.object({ vua: z.string() }) }).parse(body).data;
    expect((await lookUp({ sessionId })).body).toMatchObject({ data: { vua } });
    // What is compressed doesn't show what it holds.
    const stored = (await api.table.items()).flatMap((item) =>
      Object.values(item).map((value) => (value instanceof Uint8Array ? JSON.stringify(unpackJson(value)) : value)),
    );
    expect(JSON.stringify(stored)).not.toContain(vua);
  });

  test('asks each time for a session that goes on, and for a consent', async () => {
    const pending = await session('never');
    const ready = await session();
    for (let time = 1; time <= 2; time += 1) {
      expect((await lookUp({ sessionId: pending.sessionId })).body).toMatchObject({ data: { eventStatus: 'PENDING' } });
      await lookUp({ consentId: ready.consentId });
    }
    expect(await statusCallsFor(pending.consentId)).toMatchObject({ statusCalls: 2 });
    expect(await statusCallsFor(ready.consentId)).toMatchObject({ statusCalls: 2 });
  });

  test('never shows a kept status to another organisation', async () => {
    const { sessionId } = await session();
    expect((await lookUp({ sessionId })).status).toBe(200);
    const { status, body } = await lookUp({ sessionId }, OTHER_TENANT);
    expect(status).toBe(400);
    expect(body).toMatchObject({ ver: '1.21.0', errorCode: 'InvalidSessionId', errorMsg: expect.any(String) });
  });
});

describe('what is refused', () => {
  const guid = randomUUID();
  test.each([
    [{}, ' [ at least one of consentId, consentHandle or sessionId is required ] '],
    [{ consentId: null, other: guid }, ' [ at least one of consentId, consentHandle or sessionId is required ] '],
    [{ sessionId: 'not-a-guid' }, ' [ sessionId must be a valid GUID ] '],
    [{ sessionId: '' }, ' [ sessionId must be a valid GUID ] '],
    [{ consentId: guid, consentHandle: 7 }, ' [ consentHandle must be a valid GUID ] '],
    [
      { consentId: `${guid}0`, consentHandle: [guid], sessionId: `x${guid}` },
      ' [ consentId must be a valid GUID, consentHandle must be a valid GUID, sessionId must be a valid GUID ] ',
    ],
  ])('%j', async (body, errorMsg) => {
    const answer = await lookUp(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      ver: '1.21.0',
      timestamp: expect.any(String),
      txnid: expect.any(String),
      errorCode: 'InvalidRequest',
      errorMsg,
    });
  });

  test('a body that is not a JSON object', async () => {
    for (const body of ['', '[]', '{"consentId":', '"text"']) {
      const answer = await lookUp(body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ ver: '1.21.0', errorCode: 'InvalidRequest' });
    }
  });

  test('an unknown session, an unknown consent, and a consent that was never asked for, in the words of the upstream', async () => {
    const unknown = randomUUID();
    await upstream.consent(unknown, { scenario: 'unknown' });
    for (const [body, errorCode] of [
      [{ sessionId: randomUUID() }, 'InvalidSessionId'],
      [{ consentId: unknown }, 'InvalidConsentId'],
      [{ consentId: randomUUID() }, 'NoDataFound'],
    ] as const) {
      const answer = await lookUp(body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ ver: '1.21.0', errorCode, errorMsg: expect.stringMatching(/\w/) });
    }
  });
});

describe('an upstream that does not answer', () => {
  test('as it should is 502, and one that takes too long 504, in the envelope', async () => {
    const { consentId } = await session();
    await upstream.control('PUT', '/_sim/faults', { errorRate: 1 });
    const failed = await lookUp({ consentId });
    expect(failed.status).toBe(502);
    expect(failed.body).toMatchObject({ ver: '1.21.0', errorCode: 'UpstreamUnavailable', txnid: expect.any(String) });
    await upstream.control('PUT', '/_sim/faults', { errorRate: 0, garbageRate: 1 });
    expect((await lookUp({ consentId })).status).toBe(502);
    await upstream.control('PUT', '/_sim/faults', { garbageRate: 0, latencyMs: [2_000, 2_001] });
    const late = await lookUp({ consentId });
    expect(late.status).toBe(504);
    expect(late.body).toMatchObject({ ver: '1.21.0', errorCode: 'UpstreamTimeout' });
    await upstream.control('PUT', '/_sim/faults', { latencyMs: [0, 1] });
    expect((await lookUp({ consentId })).status).toBe(200);
  });

  test('because it refuses our credentials is 502, and leaves the circuit of the batches alone', async () => {
    const { consentId } = await session();
    await upstream.control('PUT', '/_sim/faults', { unauthorized: true });
    expect((await lookUp({ consentId })).status).toBe(502);
    await upstream.control('PUT', '/_sim/faults', { unauthorized: false });
    expect((await lookUp({ consentId })).status).toBe(200);
  });
});

describe("the organisation's rate limit", () => {
  const remaining = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
    Number(headers['X-RateLimit-Remaining']);

  test('counts every authenticated call exactly, however it ends, and however many come at once', async () => {
    const first = await lookUp('no JSON at all', OTHER_TENANT);
    expect(first.headers).toMatchObject({
      'X-RateLimit-Limit': String(LIMIT),
      'X-RateLimit-Remaining': expect.stringMatching(/^\d+$/),
      'X-RateLimit-Reset': expect.stringMatching(/^\d{10,}$/),
    });
    const unauthenticated = await lookUp({}, { ...OTHER_TENANT, client_secret: 'wrong' });
    expect(unauthenticated.headers).not.toHaveProperty('X-RateLimit-Remaining');

    const left = remaining(first);
    // A container serves one call at a time, so no client of AWS ever has more requests waiting than sockets.
    const many = await pMap(Array(left + 20).fill(OTHER_TENANT), (tenant) => lookUp({}, tenant), { concurrency: 50 });
    const within = many.filter(({ status }) => status === 400);
    const beyond = many.filter(({ status }) => status === 429);
    expect([within.length, beyond.length]).toEqual([left, 20]);
    expect(within.map(remaining).toSorted((a, b) => a - b)).toEqual(Array.from({ length: left }, (_, call) => call));
    for (const { headers, body } of beyond) {
      expect(body).toMatchObject({ ver: '1.21.0', errorCode: 'TooManyRequests', txnid: expect.any(String) });
      expect(headers).toMatchObject({ 'X-RateLimit-Remaining': '0', 'Retry-After': expect.stringMatching(/^[1-9]/) });
    }
    expect(remaining(await lookUp({}))).toBeGreaterThan(0);
  });

  test('costs one write a call', async () => {
    const before = api.tableCalls.length;
    await lookUp({});
    expect(api.tableCalls.slice(before)).toEqual([`UpdateItem CALLS#ORG#${TENANT.organisationId}#fi-request-status`]);
  });
});
