import { expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { recoverBatches } from '#lambdas/chunk/recover.ts';
import { NEVER_READY } from '#test/world/consent-behaviour.ts';
import { runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, consents, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const QUANTITIES = ['OpenBatches', 'OldestBatchSeconds', 'OverdueChunkSeconds', 'ReadyRows', 'RowsInProgress'] as const;

/** What recovery measured last. */
const lastOf = ({ telemetry }: ReturnType<typeof roomyWorld>) =>
  Object.fromEntries(QUANTITIES.map((quantity) => [quantity, telemetry.valuesOf(quantity).at(-1)]));

test('where nothing is open, recovery says so', async () => {
  const world = roomyWorld();
  await recoverBatches(world);
  expect(lastOf(world)).toEqual({
    OpenBatches: 0,
    OldestBatchSeconds: 0,
    OverdueChunkSeconds: 0,
    ReadyRows: 0,
    RowsInProgress: 0,
  });
});

test('batches that nobody works on get old, and their chunks overdue', async () => {
  const world = roomyWorld();
  await acceptBatch(world, submissionOf(consents(300), { referenceId: 'first' }));
  await world.clock.runUntil(world.clock.now() + 60_000);
  await acceptBatch(world, submissionOf(consents(3), { referenceId: 'second' }));
  await world.clock.runUntil(world.clock.now() + 30_000);
  await recoverBatches(world);
  expect(lastOf(world)).toEqual({
    OpenBatches: 2,
    OldestBatchSeconds: 90,
    OverdueChunkSeconds: 90,
    ReadyRows: 303,
    RowsInProgress: 0,
  });
});

test('rows that are polled are in progress, and their chunk, which only waits, is not overdue', async () => {
  const world = roomyWorld();
  world.finPro.behave(consentId(1), { session: NEVER_READY });
  world.start();
  await acceptBatch(world, submissionOf(consents(3)));
  await world.clock.runUntil(world.clock.now() + 61_000);
  expect(lastOf(world)).toMatchObject({ OpenBatches: 1, OverdueChunkSeconds: 0, ReadyRows: 0, RowsInProgress: 1 });
  await runToEnd(world);
  expect(world.telemetry.countOf('RowCompleted')).toBe(2);
  expect(world.telemetry.countOf('RowFailed')).toBe(1);
});

test('a batch that ends is measured once, from its acceptance', async () => {
  const world = roomyWorld();
  await runBatch(world, submissionOf(consents(300)));
  expect(world.telemetry.countOf('BatchFinished')).toBe(1);
  // Every consent is ready at its first poll, 5 s after its request.
  expect(world.telemetry.valuesOf('BatchSeconds')).toEqual([5]);
  expect(world.telemetry.countOf('UpstreamPoll')).toBe(300);
  expect(world.telemetry.countOf('RowCompleted')).toBe(300);
});
