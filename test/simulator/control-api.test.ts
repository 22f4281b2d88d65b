import { describe, expect, test } from 'vitest';
import { consentNumber } from './caller.ts';
import { runningSimulator } from './running-simulator.ts';

const simulator = runningSimulator();
const consentId = consentNumber(1);
const none = { fiRequests: 0, statusCalls: 0, balanceCalls: 0 };
const standing = {
  latencyMs: [0, 0],
  errorRate: 0,
  ambiguousRate: 0,
  rateLimit: { limit: 1000, windowSeconds: 60 },
  clockOffsetSeconds: 0,
  down: false,
  unauthorized: false,
  garbageRate: 0,
  gatewayRate: 0,
};

describe('/_sim', () => {
  test('a consent that nobody asked for', async () => {
    const reply = await simulator.caller().control('GET', `/_sim/consents/${consentId}`);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ...none, sessions: [] });
  });

  test('every consent that was asked for, with its calls', async () => {
    const caller = simulator.caller();
    await caller.consent(consentNumber(2), { scenario: 'revoked' });
    await caller.open(consentId);
    await caller.open(consentId);
    await caller.request({ consentId: consentNumber(2) });
    const { body } = await caller.control('GET', '/_sim/consents');
    expect(body).toEqual({
      consents: [
        { consentId, ...none, fiRequests: 2, sessions: 2 },
        { consentId: consentNumber(2), ...none, fiRequests: 1, sessions: 0 },
      ],
    });
  });

  test('takes 10,000 consents in one call', async () => {
    const caller = simulator.caller();
    const consents = Array.from({ length: 10_000 }, (_, number) => ({
      consentId: consentNumber(number),
      scenario: number === 9_999 ? 'revoked' : 'ready',
      readyAfterSeconds: 0.5,
      accounts: 2,
    }));
    const reply = await caller.control('PUT', '/_sim/consents', { consents });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ consents: 10_000 });
    expect((await caller.request({ consentId: consentNumber(9_999) })).body).toMatchObject({
      errorCode: 'ConsentRevoked',
    });
  });

  test.each([
    ['body', undefined],
    ['consents', {}],
    ['consents[0].consentId', { consents: [{ consentId: 'x', scenario: 'ready' }] }],
    [
      'consents[1].scenario',
      {
        consents: [
          { consentId, scenario: 'ready' },
          { consentId, scenario: 'odd' },
        ],
      },
    ],
    ['consents[0].readyAfterSeconds', { consents: [{ consentId, scenario: 'ready', readyAfterSeconds: -1 }] }],
    ['consents[0].accounts', { consents: [{ consentId, scenario: 'ready', accounts: 1.5 }] }],
    ['"readyafter"', { consents: [{ consentId, scenario: 'ready', readyafter: 1 }] }],
  ])('PUT /_sim/consents names %s', async (field, body) => {
    const reply = await simulator.caller().control('PUT', '/_sim/consents', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode: 'InvalidRequest', errorMsg: expect.stringContaining(field) });
  });

  test.each([
    ['latencyMs[0]', { latencyMs: [-1, 5] }],
    ['latencyMs', { latencyMs: [5] }],
    ['latencyMs', { latencyMs: [20, 5] }],
    ['errorRate', { errorRate: 1.1 }],
    ['ambiguousRate', { ambiguousRate: '0.5' }],
    ['garbageRate', { garbageRate: -0.1 }],
    ['gatewayRate', { gatewayRate: 2 }],
    ['rateLimit.windowSeconds', { rateLimit: { limit: 5 } }],
    ['rateLimit.limit', { rateLimit: { limit: -1, windowSeconds: 60 } }],
    ['down', { down: 'yes' }],
    ['unauthorized', { unauthorized: null }],
    ['"latency"', { latency: 5 }],
  ])('PUT /_sim/faults names %s and changes nothing', async (field, body) => {
    const caller = simulator.caller();
    const reply = await caller.control('PUT', '/_sim/faults', { down: true, ...body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode: 'InvalidRequest', errorMsg: expect.stringContaining(field) });
    expect((await caller.control('PUT', '/_sim/faults', {})).body).toEqual(standing);
  });

  test('PUT /_sim/faults lays the given keys over the others', async () => {
    const caller = simulator.caller();
    const rateLimit = { limit: 5, windowSeconds: 60 };
    await caller.control('PUT', '/_sim/faults', { rateLimit, errorRate: 0.5 });
    const reply = await caller.control('PUT', '/_sim/faults', { errorRate: 0, garbageRate: 0.25 });
    expect(reply.body).toEqual({ ...standing, rateLimit, garbageRate: 0.25 });
  });

  test('DELETE /_sim forgets everything', async () => {
    const caller = simulator.caller();
    await caller.consent(consentId, { scenario: 'revoked' });
    await caller.request({ consentId });
    const sessionId = await caller.open(consentNumber(2));
    await caller.faults({ errorRate: 1, rateLimit: { limit: 0, windowSeconds: 60 } });
    await caller.request({ consentId });
    expect((await caller.control('DELETE', '/_sim')).status).toBe(200);

    expect((await caller.control('PUT', '/_sim/faults', {})).body).toEqual({ ...standing, latencyMs: [5, 20] });
    expect((await caller.control('GET', '/_sim/stats')).body).toEqual({ ...none, rejected429: 0, windowsOverLimit: 0 });
    expect((await caller.control('GET', `/_sim/consents/${consentId}`)).body).toEqual({ ...none, sessions: [] });
    expect((await caller.status({ sessionId })).body).toMatchObject({ errorCode: 'InvalidSessionId' });
    expect((await caller.request({ consentId })).status).toBe(200);
  });

  test('an id that is no GUID is 400, what is not there 404', async () => {
    const caller = simulator.caller();
    expect((await caller.control('GET', '/_sim/consents/x')).status).toBe(400);
    expect((await caller.control('GET', '/_sim/other')).status).toBe(404);
    expect((await caller.control('POST', '/_sim/faults', {})).status).toBe(404);
  });
});
