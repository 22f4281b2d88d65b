import { expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { UNAUTHORIZED } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runToEnd } from '#test/world/run.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATENCY = 50;
/** Calls of one advance that may be under way together. */
const AT_ONCE = 25;
const CHUNK_ROWS = 250;

test('credentials refused in the middle of a batch: no worker starts a call once it knows, and when they are good again no row has failed', async () => {
  const world = ratedWorld({ BALANCES: 'off' });
  const batch = consents(10 * CHUNK_ROWS);
  const chunkOf = new Map(batch.map((consent, row) => [consent, Math.floor(row / CHUNK_ROWS)]));
  // Calls start when the workers' clocks agree that the window has begun; a chunk's take ten rounds of 50 ms.
  const refusedFrom = START + world.settings.clockSkew + 4 * LATENCY + 1;
  const refusedUntil = refusedFrom + HOUR;
  world.finPro.latency = () => LATENCY;
  world.finPro.refuses = ({ at }) => (at >= refusedFrom && at < refusedUntil ? UNAUTHORIZED : null);
  world.start();
  await acceptBatch(world, submissionOf(batch));

  await world.clock.runUntil(refusedFrom + MINUTE - 1);
  const { calls } = world.finPro;
  const firstKnownAt = (calls.find(({ failure }) => failure !== null)?.at ?? 0) + LATENCY;
  const underWay = Map.groupBy(
    calls.filter(({ at }) => at < refusedFrom),
    ({ consentId }) => chunkOf.get(consentId),
  );
  const refused = Map.groupBy(
    calls.filter(({ failure }) => failure !== null),
    ({ consentId }) => chunkOf.get(consentId),
  );
  expect(underWay.size).toBeGreaterThan(1);
  expect(refused.size).toBeGreaterThan(0);
  for (const [chunk, its] of refused) {
    expect(underWay.has(chunk)).toBe(true);
    expect(its.length).toBeLessThanOrEqual(AT_ONCE);
  }
  // The first answer of the others is on its way by then; no call is started on top of it.
  expect(calls.filter(({ at }) => at >= firstKnownAt + LATENCY)).toEqual([]);
  const { counters } = await reportOf(world);
  expect(counters).toMatchObject({ COMPLETED: 0, FAILED: 0 });

  const before = calls.length;
  await world.clock.runUntil(refusedUntil);
  expect(calls.length - before).toBeLessThanOrEqual(60);

  await runToEnd(world, refusedUntil + HOUR);
  expect((await reportOf(world)).counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: batch.length, FAILED: 0 });
  expect(calls.filter(({ opened }) => opened !== null)).toHaveLength(batch.length);
});

test('credentials that are never good again: the rows fail at the deadline of the batch, with Yes, and not before', async () => {
  const world = ratedWorld({ BATCH_DEADLINE_SECONDS: '7200' });
  world.finPro.refuses = () => UNAUTHORIZED;
  world.start();
  await acceptBatch(world, submissionOf(consents(3)));
  await world.clock.runUntil(START + 2 * HOUR - 1);
  expect((await reportOf(world)).counters).toMatchObject({ READY: 3, FAILED: 0 });
  await runToEnd(world, START + 3 * HOUR);
  for (const record of await recordsOf(world)) {
    expect(record).toMatchObject({ status: 'FAILED', retry_eligible: 'Yes', error: { code: 'ProcessingFailed' } });
  }
});
