import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { advanceChunk } from '#lambdas/chunk/advance.ts';
import { answered, fails, readyAfter, UNAUTHORIZED, UNREACHABLE } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runToEnd } from '#test/world/run.ts';
import { consentId, consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START, taskOf } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SERVICE_UNAVAILABLE = answered(503, 'ServiceUnavailable');
/** Well within a rate window: its calls may start. */
const NOW = START + 10_000;
const LIMITS = { callsEndAt: NOW + 100_000, functionEndsAt: NOW + 120_000 };

describe('credentials that are refused', () => {
  test.each([
    ['401', UNAUTHORIZED],
    ['403', answered(403, 'Forbidden')],
    ['SignatureDoesNotMatch', answered(400, 'SignatureDoesNotMatch')],
  ])('%s: no call starts after the first such answer, and the rows go back to READY', async (_, failure) => {
    const world = ratedWorld();
    world.finPro.latency = () => 50;
    world.finPro.refuses = () => failure;
    const { batch } = await acceptBatch(world, submissionOf(consents(200)));
    await world.clock.runUntil(NOW);
    await world.clock.finish(advanceChunk(world, taskOf(batch), LIMITS));
    // Those that were under way together: 25 of a chunk.
    expect(world.finPro.calls.length).toBeLessThanOrEqual(25);
    expect(world.finPro.calls.every(({ at }) => at < NOW + 50)).toBe(true);
    expect((await reportOf(world)).counters).toMatchObject({ READY: 200 });
    const state = await world.chunks.state(taskOf(batch));
    expect(state?.rows.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(world.telemetry.countOf('CircuitOpened')).toBe(1);
  });

  test('stop the other workers at their next reservation, and are tried with one call a minute', async () => {
    const world = ratedWorld({ CHUNK_ROWS: '10' });
    world.finPro.latency = () => 50;
    world.finPro.refuses = () => UNAUTHORIZED;
    world.start();
    await acceptBatch(world, submissionOf(consents(50)));
    await world.clock.runUntil(START + MINUTE - 1);
    const atFirst = world.finPro.calls.length;
    expect(atFirst).toBeLessThanOrEqual(50);
    await world.clock.runUntil(START + 10 * MINUTE + 30_000);
    expect(world.finPro.calls.length - atFirst).toBeLessThanOrEqual(10);
    expect(world.finPro.calls.length - atFirst).toBeGreaterThanOrEqual(5);
    expect((await reportOf(world)).counters).toMatchObject({ READY: 50 });
  });

  test('cost no row anything: when they are good again, all goes on within two minutes', async () => {
    const world = ratedWorld({ CHUNK_ROWS: '10' });
    world.finPro.refuses = ({ at }) => (at < START + 3 * HOUR ? UNAUTHORIZED : null);
    world.start();
    await acceptBatch(world, submissionOf(consents(50)));
    await runToEnd(world, START + 3 * HOUR + 5 * MINUTE);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 50 });
    expect(consents(50).every((consent) => world.finPro.sessionsOf(consent).length === 1)).toBe(true);
    const firstSession = world.finPro.calls.find(({ opened }) => opened !== null);
    expect(firstSession?.at).toBeLessThanOrEqual(START + 3 * HOUR + 2 * MINUTE);
  });
});

describe('an upstream that is away', () => {
  test.each([
    ['unreachable', UNREACHABLE],
    ['answering 503', SERVICE_UNAVAILABLE],
    ['answering 502', answered(502, null)],
    ["behind a gateway's 404", answered(404, null)],
    ['behind a maintenance page', answered(302, null)],
  ])('%s for half an hour fails no row of a large batch', async (_, failure) => {
    const world = ratedWorld();
    world.finPro.latency = () => 20;
    world.finPro.refuses = ({ at }) => (at < START + HOUR / 2 ? failure : null);
    world.start();
    await acceptBatch(world, submissionOf(consents(600)));
    await runToEnd(world, START + 2 * HOUR);
    expect((await reportOf(world)).counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: 600, FAILED: 0 });
    // With the circuit open, one call a minute finds out whether it can be closed.
    const tried = world.finPro.calls.filter(({ at }) => at > START + 5 * MINUTE && at < START + HOUR / 2);
    expect(tried.length).toBeLessThanOrEqual(25);
  });

  test('for half an hour fails no row of a small batch', async () => {
    const world = ratedWorld();
    world.finPro.latency = () => 20;
    world.finPro.refuses = ({ at }) => (at < START + HOUR / 2 ? UNREACHABLE : null);
    world.start();
    await acceptBatch(world, submissionOf(consents(10)));
    await runToEnd(world, START + 2 * HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 10 });
  });
});

describe('consents that are always answered 503, more of them than open the circuit', () => {
  test('do not keep the other rows of their chunk from being processed', async () => {
    const world = ratedWorld();
    const [dead, alive] = [consents(60), [consentId(1001), consentId(1002), consentId(1003)]];
    for (const consent of dead) world.finPro.behave(consent, { requests: [fails(SERVICE_UNAVAILABLE)] });
    world.start();
    await acceptBatch(world, submissionOf([...dead, ...alive]));
    await runToEnd(world, START + 3 * HOUR);
    const records = await recordsOf(world);
    expect(records.slice(60).map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  });

  test('do not keep other batches of the organisation from being processed', async () => {
    const world = ratedWorld();
    const [dead, alive] = [consents(60), [consentId(1001), consentId(1002), consentId(1003)]];
    for (const consent of dead) world.finPro.behave(consent, { requests: [fails(SERVICE_UNAVAILABLE)] });
    world.start();
    await acceptBatch(world, submissionOf(dead));
    await world.clock.runUntil(START + 10 * MINUTE);
    const referenceId = 'another-batch';
    await acceptBatch(world, submissionOf(alive, { referenceId }));
    await runToEnd(world, START + 3 * HOUR, { organisationId: 'lender', referenceId });
    expect((await reportOf(world, referenceId)).counters).toMatchObject({ COMPLETED: 3 });
  });

  test('end FAILED, Yes, long before the deadline', async () => {
    const world = ratedWorld();
    for (const consent of consents(60)) world.finPro.behave(consent, { requests: [fails(SERVICE_UNAVAILABLE)] });
    world.start();
    await acceptBatch(world, submissionOf(consents(60)));
    await runToEnd(world, START + 6 * HOUR);
    const records = await recordsOf(world);
    expect(records.every(({ status, error }) => status === 'FAILED' && error?.code === 'ServiceUnavailable')).toBe(
      true,
    );
  });
});

describe('a half-open call', () => {
  test('rather asks than spends a consent', async () => {
    const world = ratedWorld();
    const [polled, fresh] = [consentId(1), consentId(2)];
    world.finPro.behave(polled, { session: readyAfter(600) });
    world.start();
    await acceptBatch(world, submissionOf([polled]));
    await world.clock.runUntil(START + 10_000);
    const referenceId = 'another-batch';
    world.finPro.refuses = () => UNAUTHORIZED;
    await acceptBatch(world, submissionOf([fresh], { referenceId }));
    await world.clock.runUntil(START + 5 * MINUTE);
    world.finPro.refuses = () => null;
    await runToEnd(world, START + HOUR, { organisationId: 'lender', referenceId });
    expect(world.finPro.sessionsOf(fresh)).toHaveLength(1);
  });

  test('whose worker dies is followed by another', async () => {
    const world = ratedWorld();
    let deaths = 0;
    world.finPro.refuses = ({ at }) => (at < START + 30_000 ? UNAUTHORIZED : null);
    world.disturbance.fault = ({ name }) => {
      if (name !== 'finPro.requestFi' || world.clock.now() < START + 30_000 || deaths > 0) return null;
      deaths += 1;
      return 'dies-before';
    };
    world.start();
    await acceptBatch(world, submissionOf(consents(5)));
    await runToEnd(world, START + HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 5 });
  });

  test('does not count as an attempt of its row', async () => {
    const world = ratedWorld();
    world.finPro.refuses = ({ at }) => (at < START + HOUR ? UNREACHABLE : null);
    world.start();
    await acceptBatch(world, submissionOf(consents(30)));
    await world.clock.runUntil(START + HOUR - 1);
    expect((await reportOf(world)).counters).toMatchObject({ READY: 30 });
    await runToEnd(world, START + 2 * HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 30 });
  });
});

test('a roomy world has no circuit, so that tests of rows see rows only', async () => {
  const world = roomyWorld();
  world.finPro.behave(consentId(1), { requests: [fails(UNAUTHORIZED), fails(UNAUTHORIZED), { kind: 'opens' }] });
  world.start();
  await acceptBatch(world, submissionOf(consents(1)));
  await runToEnd(world);
  expect(world.finPro.callsOf(consentId(1), 'request').map(({ at }) => at)).toEqual([START, START, START]);
});
