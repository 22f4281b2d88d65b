import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { GATEWAY_STATUSES, garbage, gatewayAnswer, seededRandom } from '#simulator/faults.ts';
import { startSimulator } from '#simulator/server.ts';
import { Caller, consentNumber } from './caller.ts';
import { runningSimulator } from './running-simulator.ts';

const simulator = runningSimulator();
const consentId = consentNumber(1);

async function counts() {
  return (await simulator.caller().control('GET', `/_sim/consents/${consentId}`)).body;
}

describe('faults', () => {
  test('unauthorized refuses all credentials and counts nothing', async () => {
    const caller = simulator.caller();
    await caller.faults({ unauthorized: true, ambiguousRate: 1, garbageRate: 1 });
    const reply = await caller.request({ consentId });
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ errorCode: 'Unauthorized', errorMsg: 'The credentials are not valid' });
    expect(await counts()).toMatchObject({ fiRequests: 0, sessions: [] });
  });

  test('errorRate answers 500 before processing', async () => {
    const caller = simulator.caller();
    await caller.faults({ errorRate: 1, ambiguousRate: 1 });
    const reply = await caller.request({ consentId });
    expect(reply.status).toBe(500);
    expect(reply.body).toMatchObject({ errorCode: 'InternalServerError' });
    expect(await counts()).toMatchObject({ fiRequests: 0, sessions: [] });
  });

  test('ambiguousRate processes the call, then cuts the connection', async () => {
    const caller = simulator.caller();
    await caller.faults({ ambiguousRate: 1 });
    await expect(caller.request({ consentId })).rejects.toThrow('fetch failed');
    await expect(caller.status({ consentId })).rejects.toThrow('fetch failed');
    expect(await counts()).toMatchObject({ fiRequests: 1, statusCalls: 1, sessions: [expect.anything()] });
  });

  test('garbageRate processes the call, then answers 200 with something else', async () => {
    const caller = simulator.caller();
    await caller.faults({ garbageRate: 1 });
    const replies = await Promise.all(Array.from({ length: 20 }, () => caller.request({ consentId })));
    expect(replies.every(({ status, body }) => status === 200 && body === undefined)).toBe(true);
    expect(await counts()).toMatchObject({ fiRequests: 20 });
  });

  test('gatewayRate answers for FinPro, before and after processing', async () => {
    const caller = simulator.caller();
    await caller.faults({ gatewayRate: 1 });
    const replies: unknown[] = [];
    for (let call = 0; call < 40; call += 1) {
      const response = await fetch(`${caller.url}/fi/request`, {
        method: 'POST',
        headers: caller.headers,
        body: JSON.stringify({ consentId }),
        redirect: 'manual',
      });
      expect(GATEWAY_STATUSES).toContain(response.status);
      expect(await response.text()).not.toContain('errorCode');
      replies.push(response.status);
    }
    expect(new Set(replies).size).toBeGreaterThan(3);
    const { sessions } = z.object({ sessions: z.array(z.unknown()) }).parse(await counts());
    expect(sessions.length).toBeGreaterThan(5);
    expect(sessions.length).toBeLessThan(35);
  });

  test("a gateway's answer is HTML or nothing", () => {
    expect(gatewayAnswer(0)).toMatchObject({ status: 404, payload: expect.stringContaining('<html>') });
    expect(gatewayAnswer(0.1)).toMatchObject({ status: 404, payload: '' });
    expect(gatewayAnswer(0.15)).toMatchObject({ status: 302, headers: { Location: '/maintenance' } });
    expect(gatewayAnswer(0.999)).toMatchObject({ status: 502 });
  });

  test('garbage is HTML, cut JSON or nothing', () => {
    expect(garbage('{"a":1}', 0.1)).toMatchObject({ contentType: 'text/html' });
    expect(garbage('{"a":1}', 0.5)).toEqual({ contentType: 'application/json', payload: '{"a"' });
    expect(garbage('{"a":1}', 0.9)).toEqual({ contentType: 'application/json', payload: '' });
  });

  test('an unavailable consent stays 503 whatever may happen after processing', async () => {
    const caller = simulator.caller();
    await caller.consent(consentId, { scenario: 'unavailable' });
    await caller.faults({ ambiguousRate: 1, garbageRate: 1 });
    expect((await caller.request({ consentId })).status).toBe(503);
  });

  test('down ends the connection of every call without an answer; control goes on', async () => {
    const caller = simulator.caller();
    await caller.open(consentId);
    await caller.faults({ down: true });
    // Which error a client names depends on how far it had come in writing when the reset arrived.
    await expect(caller.request({ consentId })).rejects.toThrow('fetch failed');
    await expect(caller.status({ consentId })).rejects.toThrow('fetch failed');
    await expect(caller.post('/other', {})).rejects.toThrow('fetch failed');
    expect(await counts()).toMatchObject({ fiRequests: 1, statusCalls: 0 });
    await caller.faults({ down: false });
    expect((await caller.request({ consentId })).status).toBe(200);
  });

  test('latencyMs holds back the answer, not the call', async () => {
    const caller = simulator.caller();
    await caller.faults({ latencyMs: [600_000, 600_000] });
    const leaving = new AbortController();
    const answer = fetch(`${caller.url}/fi/request`, {
      method: 'POST',
      signal: leaving.signal,
      headers: caller.headers,
      body: JSON.stringify({ consentId }),
    });
    await expect.poll(counts).toMatchObject({ fiRequests: 1 });
    leaving.abort();
    await expect(answer).rejects.toThrow('aborted');
    await caller.faults({});
    expect((await caller.status({ consentId })).status).toBe(200);
  });

  test('the same seed gives the same run', async () => {
    const outcomes = async (seed: number) => {
      const seeded = await startSimulator({ port: 0, timeScale: 1, seed });
      const caller = new Caller(seeded.url);
      await caller.faults({ errorRate: 0.3, garbageRate: 0.3 });
      const statuses: string[] = [];
      for (let call = 0; call < 40; call += 1) {
        const { status, body } = await caller.request({ consentId });
        statuses.push(`${status} ${body === undefined}`);
      }
      await seeded.close();
      return statuses;
    };
    const first = await outcomes(7);
    expect(new Set(first).size).toBe(3);
    expect(await outcomes(7)).toEqual(first);
    expect(await outcomes(8)).not.toEqual(first);
  });

  test('chance is in [0, 1) and even', () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 10_000 }, random);
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(drawn.filter((value) => value < 0.25).length / 10_000).toBeCloseTo(0.25, 1);
  });
});
