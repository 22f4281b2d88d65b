import { describe, expect, test } from 'vitest';
import { consentNumber } from './caller.ts';
import { runningSimulator, START } from './running-simulator.ts';

const simulator = runningSimulator();
const id = consentNumber(1);

describe('scenarios that an FI request already shows', () => {
  test.each([
    ['revoked', 400, 'ConsentRevoked', 'revoked', 1],
    ['expired', 400, 'ConsentExpired', 'expired', 1],
    ['paused', 400, 'ConsentPaused', 'paused', 1],
    ['quota', 400, 'InvalidConsentUse', 'quota', 1],
    ['frequency', 400, 'InvalidConsentUse', 'frequency', 1],
    ['bad-range', 400, 'InvalidDateRange', 'range', 1],
    ['bad-config', 400, 'InvalidRequest', 'configId', 1],
    ['unknown', 400, 'InvalidConsentId', 'not exist', 1],
    ['unavailable', 503, 'ServiceUnavailable', 'unavailable', 0],
  ])('%s', async (scenario, status, errorCode, message, counted) => {
    const caller = simulator.caller();
    await caller.consent(id, { scenario });
    const reply = await caller.request({ consentId: id });
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({
      ver: '1.21.0',
      timestamp: '2026-11-20T10:00:00.000Z',
      errorCode,
      errorMsg: expect.stringContaining(message),
    });
    expect((await caller.control('GET', `/_sim/consents/${id}`)).body).toEqual({
      fiRequests: counted,
      statusCalls: 0,
      balanceCalls: 0,
      sessions: [],
    });
    expect((await caller.control('GET', '/_sim/stats')).body).toMatchObject({ fiRequests: counted });
  });

  test('onetime opens one session, then refuses', async () => {
    const caller = simulator.caller();
    await caller.consent(id, { scenario: 'onetime', readyAfterSeconds: 0 });
    await caller.open(id);
    const second = await caller.request({ consentId: id });
    expect(second.body).toMatchObject({ errorCode: 'InvalidConsentUse' });
    const status = await caller.status({ consentId: id });
    expect(status.body).toMatchObject({ data: { eventStatus: 'DATA_READY', fetchType: 'ONETIME' } });
    expect((await caller.control('GET', `/_sim/consents/${id}`)).body).toMatchObject({
      fiRequests: 2,
      sessions: [expect.anything()],
    });
  });
});

describe('scenarios that a session shows', () => {
  test.each([
    ['ready', 'DATA_READY', ['DELIVERED', 'DELIVERED', 'DELIVERED']],
    ['partial', 'TIMEOUT', ['DELIVERED', 'TIMEOUT', 'TIMEOUT']],
    ['timeout', 'TIMEOUT', ['TIMEOUT', 'TIMEOUT', 'TIMEOUT']],
    ['denied', 'DATA_DENIED', ['DENIED', 'DENIED', 'DENIED']],
    ['never', 'PENDING', ['PENDING', 'PENDING', 'PENDING']],
  ])('%s is pending, then %s', async (scenario, eventStatus, fiStatuses) => {
    const caller = simulator.caller();
    await caller.consent(id, { scenario, readyAfterSeconds: 20, accounts: 3 });
    await caller.open(id);

    simulator.now = START + 19_999;
    expect((await caller.status({ consentId: id })).body).toMatchObject({
      data: {
        eventStatus: 'PENDING',
        timestamp: '2026-11-20T10:00:00.000Z',
        linkRefNumbers: [{ fiStatus: 'PENDING' }, { fiStatus: 'PENDING' }, { fiStatus: 'PENDING' }],
      },
    });

    simulator.now = START + 3_600_000;
    expect((await caller.status({ consentId: id })).body).toMatchObject({
      data: {
        eventStatus,
        timestamp: scenario === 'never' ? '2026-11-20T10:00:00.000Z' : '2026-11-20T10:00:20.000Z',
        linkRefNumbers: fiStatuses.map((fiStatus) => ({ fiStatus })),
      },
    });
  });

  test('partial delivers its only account', async () => {
    const caller = simulator.caller();
    await caller.consent(id, { scenario: 'partial', readyAfterSeconds: 0, accounts: 1 });
    await caller.open(id);
    expect((await caller.status({ consentId: id })).body).toMatchObject({
      data: { eventStatus: 'TIMEOUT', linkRefNumbers: [{ fiStatus: 'DELIVERED' }] },
    });
  });

  test('a scenario set later holds for the sessions that are open', async () => {
    const caller = simulator.caller();
    await caller.consent(id, { scenario: 'never' });
    await caller.open(id);
    await caller.consent(id, { scenario: 'ready', readyAfterSeconds: 0 });
    expect((await caller.status({ consentId: id })).body).toMatchObject({ data: { eventStatus: 'DATA_READY' } });
  });
});
