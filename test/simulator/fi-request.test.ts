import { describe, expect, test } from 'vitest';
import { consentNumber } from './caller.ts';
import { runningSimulator } from './running-simulator.ts';

const simulator = runningSimulator();
const consentId = consentNumber(1);
const headers = { client_id: 'c', client_secret: 's', organisationId: 'o', appIdentifier: 'a' };

describe('POST /fi/request', () => {
  test('opens a session and remembers the range', async () => {
    const caller = simulator.caller();
    const fiDataRangeFrom = '2024-01-01T00:00:00Z';
    const reply = await caller.request({ consentId, fiDataRangeFrom });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      ver: '1.21.0',
      timestamp: '2026-11-20T10:00:00.000Z',
      response: 'ok',
      data: { consentId, sessionId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
    });
    await caller.open(consentId.toUpperCase());
    expect((await caller.control('GET', `/_sim/consents/${consentId}`)).body).toMatchObject({
      fiRequests: 2,
      sessions: [
        { fiDataRangeFrom, fiDataRangeTo: null },
        { fiDataRangeFrom: null, fiDataRangeTo: null },
      ],
    });
  });

  test.each(['client_id', 'client_secret', 'organisationId', 'appIdentifier'])('needs %s', async (name) => {
    const { [name]: _, ...others }: Record<string, string> = headers;
    const reply = await simulator.caller().request({ consentId }, others);
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ ver: '1.21.0', errorCode: 'Unauthorized', errorMsg: `${name} is missing` });
    expect((await simulator.caller().control('GET', '/_sim/stats')).body).toMatchObject({ fiRequests: 0 });
  });

  test.each([
    ['no JSON', '{"consentId":', 'InvalidRequest', 'JSON object'],
    ['an array', [], 'InvalidRequest', 'JSON object'],
    ['no consentId', {}, 'InvalidRequest', 'consentId is required'],
    ['no GUID', { consentId: 'x' }, 'InvalidRequest', ' [ consentId must be a valid GUID ] '],
    ['a number', { consentId: 1 }, 'InvalidRequest', 'consentId must be a valid GUID'],
    ['a null date', { consentId, fiDataRangeFrom: null }, 'InvalidRequest', 'fiDataRangeFrom must be a valid'],
    ['a date without time', { consentId, fiDataRangeTo: '2024-01-01' }, 'InvalidRequest', 'fiDataRangeTo'],
    ['a zone', { consentId, fiDataRangeTo: '2024-01-01T00:00:00+05:30' }, 'InvalidRequest', 'in UTC'],
    ['February 30', { consentId, fiDataRangeTo: '2024-02-30T00:00:00Z' }, 'InvalidRequest', 'fiDataRangeTo'],
    ['hour 25', { consentId, fiDataRangeTo: '2024-02-01T25:00:00Z' }, 'InvalidRequest', 'fiDataRangeTo'],
    [
      'a range that ends before it starts',
      { consentId, fiDataRangeFrom: '2024-01-02T00:00:00Z', fiDataRangeTo: '2024-01-01T23:59:59Z' },
      'InvalidDateRange',
      'after',
    ],
  ])('refuses %s', async (_, body, errorCode, message) => {
    const reply = await simulator.caller().request(body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errorCode, errorMsg: expect.stringContaining(message) });
    expect((await simulator.caller().control('GET', '/_sim/stats')).body).toMatchObject({ fiRequests: 1 });
  });

  test('takes a GUID whose version bits a strict check would refuse, and a range of one moment', async () => {
    const moment = '2024-02-29T12:00:00.123Z';
    const odd = '54450ac0-8bcb-fb9c-0d74-29b4fabe18f7';
    const reply = await simulator
      .caller()
      .request({ consentId: odd, fiDataRangeFrom: moment, fiDataRangeTo: moment, somethingNew: 1 });
    expect(reply.status).toBe(200);
  });

  test('refuses a body of more than 64 KB, and paths and methods it does not know', async () => {
    const caller = simulator.caller();
    expect((await caller.request({ consentId, padding: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await caller.post('/fi/requests', {})).status).toBe(404);
    expect((await caller.control('GET', '/fi/request')).status).toBe(404);
    expect((await caller.control('GET', '/toString')).status).toBe(404);
  });
});
