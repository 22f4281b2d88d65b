import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { consentNumber } from './caller.ts';
import { runningSimulator, START } from './running-simulator.ts';

const simulator = runningSimulator();
const consentId = consentNumber(1);
const other = consentNumber(2);
const guid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const withHandle = z.object({ data: z.object({ consentHandle: z.string() }) });

describe('POST /consent/firequest/status', () => {
  test('has the whole shape of the reference page', async () => {
    const caller = simulator.caller();
    await caller.consent(consentId, { scenario: 'ready', readyAfterSeconds: 46.5, accounts: 2 });
    simulator.now = START + 250;
    const sessionId = await caller.open(consentId);
    simulator.now = START + 60_000;
    const reply = await caller.status({ sessionId });
    const account = {
      linkRefNumber: guid,
      fiStatus: 'DELIVERED',
      fipName: expect.any(String),
      fipId: expect.any(String),
      maskedAccountNumber: expect.stringMatching(/^XXXXXXXX\d{4}$/),
    };
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      ver: '1.21.0',
      status: 'success',
      data: {
        timestamp: '2026-11-20T10:00:46.750Z',
        consentHandle: guid,
        eventType: 'DATA',
        eventStatus: 'DATA_READY',
        consentId,
        vua: expect.stringMatching(/^9\d{9}@onemoney$/),
        eventMessage: `Data ready for consent id ${consentId}`,
        datafetchDate: '2026-11-20T10:00:00.000Z',
        productID: 'TEST1',
        accountID: 'test',
        fetchType: 'PERIODIC',
        consentExpiry: expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/),
        sessionId,
        dataExpiry: '2026-11-21T10:00:00.000Z',
        firstTimeFetch: true,
        linkRefNumbers: [account, account],
      },
      message: 'success',
    });
  });

  test('finds the latest session by consent and by handle, and each by its own id', async () => {
    const caller = simulator.caller();
    const first = await caller.open(consentId);
    const second = await caller.open(consentId);
    expect(second).not.toBe(first);
    const byConsent = await caller.status({ consentId: consentId.toUpperCase() });
    expect(byConsent.body).toMatchObject({ data: { sessionId: second, firstTimeFetch: false } });
    const { consentHandle } = withHandle.parse(byConsent.body).data;
    expect((await caller.status({ consentHandle })).body).toMatchObject({ data: { sessionId: second } });
    expect((await caller.status({ consentId, consentHandle })).body).toMatchObject({ data: { sessionId: second } });
    expect((await caller.status({ sessionId: first, consentId, consentHandle })).body).toMatchObject({
      data: { sessionId: first, firstTimeFetch: true },
    });
    expect((await caller.control('GET', `/_sim/consents/${consentId}`)).body).toMatchObject({ statusCalls: 4 });
    expect((await caller.status({ consentId: other, consentHandle })).body).toMatchObject({ errorCode: 'NoDataFound' });
  });

  test.each([
    [{}, 'InvalidRequest', ' [ at least one of consentId, consentHandle, sessionId is required ] '],
    [{ sessionId: 'x' }, 'InvalidRequest', ' [ sessionId must be a valid GUID ] '],
    [
      { consentId: 1, consentHandle: null, sessionId: '' },
      'InvalidRequest',
      ' [ consentId must be a valid GUID, consentHandle must be a valid GUID, sessionId must be a valid GUID ] ',
    ],
    [{ sessionId: other }, 'InvalidSessionId', 'Session ID does not exist.'],
    [{ consentId: other }, 'NoDataFound', 'No FI request has been initiated for the given identifiers.'],
    [{ consentHandle: other }, 'NoDataFound', 'No FI request has been initiated for the given identifiers.'],
  ])('declines %j', async (body, errorCode, errorMsg) => {
    const reply = await simulator.caller().status(body);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ ver: '1.21.0', timestamp: '2026-11-20T10:00:00.000Z', errorCode, errorMsg });
    expect((await simulator.caller().control('GET', '/_sim/stats')).body).toMatchObject({ statusCalls: 1 });
  });

  test('a session of another consent is unknown, and so is a consent in scenario unknown', async () => {
    const caller = simulator.caller();
    const sessionId = await caller.open(consentId);
    expect((await caller.status({ sessionId, consentId: other })).body).toMatchObject({
      errorCode: 'InvalidSessionId',
    });
    await caller.consent(other, { scenario: 'unknown' });
    expect((await caller.status({ consentId: other })).body).toMatchObject({ errorCode: 'InvalidConsentId' });
  });
});

describe('isolation between upstream clients', () => {
  test('to another client a session is unknown and a consent has no data', async () => {
    const owner = simulator.caller('owner');
    const stranger = simulator.caller('stranger');
    await owner.consent(consentId, { scenario: 'ready', readyAfterSeconds: 0 });
    const sessionId = await owner.open(consentId);
    expect((await stranger.status({ sessionId })).body).toMatchObject({ errorCode: 'InvalidSessionId' });
    expect((await stranger.status({ consentId })).body).toMatchObject({ errorCode: 'NoDataFound' });
    expect((await stranger.balance({ consentID: consentId })).body).toMatchObject({ errorCode: 'NoDataFound' });

    const theirs = await stranger.open(consentId);
    expect((await stranger.status({ consentId })).body).toMatchObject({
      data: { sessionId: theirs, firstTimeFetch: true },
    });
    expect((await owner.status({ consentId })).body).toMatchObject({ data: { sessionId } });
    expect((await owner.control('GET', `/_sim/consents/${consentId}`)).body).toMatchObject({
      fiRequests: 2,
      sessions: [{ sessionId }, { sessionId: theirs }],
    });
  });
});
