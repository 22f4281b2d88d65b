import { describe, expect, test } from 'vitest';
import { startSimulator } from '#simulator/server.ts';
import { Caller, consentNumber, type Reply } from './caller.ts';
import { runningSimulator, START } from './running-simulator.ts';

const scaled = runningSimulator(0.02);
const consentId = consentNumber(1);
/** 60 s at a time scale of 0.02. */
const WINDOW = 1200;
const START_OF_WINDOW = Math.floor(START / WINDOW) * WINDOW;

function limits({ headers }: Reply) {
  return ['Limit', 'Remaining', 'Reset'].map((name) => headers.get(`X-RateLimit-${name}`));
}

async function stats() {
  return (await scaled.caller().control('GET', '/_sim/stats')).body;
}

describe('rate windows', () => {
  test('are 1,000 calls per 60 s unless set otherwise, and again after DELETE', async () => {
    const caller = scaled.caller();
    scaled.now = START_OF_WINDOW + 100;
    const fresh = ['1000', '999', String((START_OF_WINDOW + WINDOW) / 1000)];
    expect(limits(await caller.request({ consentId }))).toEqual(fresh);
    await caller.faults({ rateLimit: { limit: 3, windowSeconds: 30 } });
    await caller.control('DELETE', '/_sim');
    expect(limits(await caller.request({ consentId }))).toEqual(fresh);
  });

  test('no limit, no headers', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: null });
    expect(limits(await caller.request({ consentId }))).toEqual([null, null, null]);
  });

  test('count the three calls of a client, then refuse until the window ends', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: { limit: 3, windowSeconds: 60 } });
    scaled.now = START_OF_WINDOW + 100;
    const reset = String((START_OF_WINDOW + WINDOW) / 1000);
    expect(limits(await caller.request({ consentId }))).toEqual(['3', '2', reset]);
    expect(limits(await caller.status({ consentId }))).toEqual(['3', '1', reset]);
    const declined = await caller.balance({});
    expect(declined.status).toBe(400);
    expect(limits(declined)).toEqual(['3', '0', reset]);
    expect(await stats()).toMatchObject({ rejected429: 0, windowsOverLimit: 0 });

    scaled.now = START_OF_WINDOW + WINDOW - 1;
    for (const refused of [await caller.request({ consentId }), await caller.status({ consentId })]) {
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ ver: '1.21.0', errorCode: 'TooManyRequests' });
      expect(limits(refused)).toEqual(['3', '0', reset]);
    }
    expect(await stats()).toEqual({
      fiRequests: 1,
      statusCalls: 1,
      balanceCalls: 1,
      rejected429: 2,
      windowsOverLimit: 1,
    });

    scaled.now = START_OF_WINDOW + WINDOW;
    const next = await caller.request({ consentId });
    expect(next.status).toBe(200);
    expect(limits(next)).toEqual(['3', '2', String((START_OF_WINDOW + 2 * WINDOW) / 1000)]);
    expect(await stats()).toMatchObject({ rejected429: 2, windowsOverLimit: 1 });
  });

  test('are each client’s own, and each counts when it goes over', async () => {
    await scaled.caller().faults({ rateLimit: { limit: 1, windowSeconds: 60 } });
    for (const client of ['one', 'two', 'two', 'three', 'three', 'three']) {
      await scaled.caller(client).status({ consentId });
    }
    expect(await stats()).toMatchObject({ statusCalls: 3, rejected429: 3, windowsOverLimit: 2 });
  });

  test('a window stays as it is when other faults or only the limit change', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: { limit: 2, windowSeconds: 60 } });
    await caller.status({ consentId });
    await caller.faults({ rateLimit: { limit: 3, windowSeconds: 60 }, errorRate: 0 });
    expect(limits(await caller.status({ consentId }))[1]).toBe('1');
    await caller.faults({ rateLimit: { limit: 3, windowSeconds: 30 } });
    expect(limits(await caller.status({ consentId }))[1]).toBe('2');
    await caller.faults({ rateLimit: null });
    expect(limits(await caller.status({ consentId }))).toEqual([null, null, null]);
  });

  test('calls that fail unprocessed arrive all the same; those that never arrive do not', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: { limit: 5, windowSeconds: 60 }, errorRate: 1 });
    await caller.request({ consentId });
    await caller.faults({ errorRate: 0, unauthorized: true });
    await caller.request({ consentId });
    await caller.faults({ unauthorized: false, down: true });
    await expect(caller.request({ consentId })).rejects.toThrow();
    await caller.faults({ down: false });
    expect(limits(await caller.request({ consentId }))[1]).toBe('2');
  });

  test('an unscaled window resets at a whole second, and DELETE brings back the limit of the start', async () => {
    const rateLimit = { limit: 1000, windowSeconds: 60 };
    const simulator = await startSimulator({ port: 0, timeScale: 1, rateLimit, clock: () => START + 1 });
    const caller = new Caller(simulator.url);
    await caller.faults({ rateLimit: null });
    await caller.control('DELETE', '/_sim');
    expect(limits(await caller.request({ consentId }))).toEqual(['1000', '999', String(START / 1000 + 60)]);
    await simulator.close();
  });

  test('may begin with the first call after the last one, as those of counters with an expiry do', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: { limit: 2, windowSeconds: 60, begins: 'first-call' } });
    scaled.now = START_OF_WINDOW + 500;
    expect(limits(await caller.request({ consentId }))).toEqual(['2', '1', String((scaled.now + WINDOW) / 1000)]);
    const reset = scaled.now + WINDOW;
    scaled.now = reset - 1;
    expect(limits(await caller.request({ consentId }))).toEqual(['2', '0', String(reset / 1000)]);
    scaled.now = reset + 300;
    expect(limits(await caller.request({ consentId }))).toEqual(['2', '1', String((scaled.now + WINDOW) / 1000)]);
  });

  test('may be shifted, and by endpoint with limits of their own', async () => {
    const caller = scaled.caller();
    await caller.faults({
      rateLimit: { limit: 5, windowSeconds: 60, shiftSeconds: 15, byEndpoint: true, limits: { request: 2 } },
    });
    scaled.now = START_OF_WINDOW + 100;
    const reset = String((START_OF_WINDOW + 300) / 1000);
    expect(limits(await caller.request({ consentId }))).toEqual(['2', '1', reset]);
    expect(limits(await caller.status({ consentId }))).toEqual(['5', '4', reset]);
  });

  test('are told by some answers only, and by a clock that is fast, if asked for', async () => {
    const caller = scaled.caller();
    await caller.faults({ rateLimit: { limit: 5, windowSeconds: 60, headersRatio: 0 } });
    expect(limits(await caller.request({ consentId }))).toEqual([null, null, null]);
    await caller.faults({ rateLimit: { limit: 5, windowSeconds: 60 }, clockOffsetSeconds: 10 });
    scaled.now = START_OF_WINDOW + 100;
    const answered = await caller.request({ consentId });
    expect(limits(answered)[2]).toBe(String((START_OF_WINDOW + WINDOW) / 1000 + 10));
    expect(Date.parse(answered.headers.get('Date') ?? '')).toBe(Math.floor((scaled.now + 10_000) / 1000) * 1000);
  });
});
