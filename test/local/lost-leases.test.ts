import { expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { advanceChunk } from '#lambdas/chunk/advance.ts';
import { endLostLeases } from '#local/lost-leases.ts';
import { mustExist } from '#test/world/builders.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START, taskOf } from '#test/world/unit-worlds.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A chunk whose worker died an instant after it had leased it. */
async function leasedWorld() {
  const world = roomyWorld();
  const { batch } = await acceptBatch(world, submissionOf(consents(2)));
  const state = mustExist(await world.chunks.state(taskOf(batch)));
  await world.chunks.saveState({ ...state, version: 2, leasedUntil: START + HOUR, dueAt: START + HOUR });
  const read = async () => mustExist(await world.chunks.state(taskOf(batch)));
  return { world, batch, read };
}

test('a lease whose worker is dead is over as soon as its calls have arrived', async () => {
  const { world, batch, read } = await leasedWorld();
  expect(await endLostLeases(world, START + 1)).toBe(1);
  const { reconcileDelay } = world.settings;
  expect(await read()).toMatchObject({
    leasedUntil: START + reconcileDelay,
    dueAt: START + reconcileDelay,
    version: 3,
  });
  await world.clock.runUntil(START + reconcileDelay);
  await advanceChunk(world, taskOf(batch), { callsEndAt: START + MINUTE, functionEndsAt: START + MINUTE });
  expect(world.finPro.calls.length).toBeGreaterThan(0);
});

test('at once, where that is long ago', async () => {
  const { world, read } = await leasedWorld();
  expect(await endLostLeases(world, START + 10 * MINUTE)).toBe(1);
  expect(await read()).toMatchObject({ leasedUntil: START + 10 * MINUTE, dueAt: START + 10 * MINUTE });
});

test('one that ends sooner stays, and so does a chunk that nobody holds', async () => {
  const { world, read } = await leasedWorld();
  expect(await endLostLeases(world, START + 2 * HOUR)).toBe(0);
  expect(await read()).toMatchObject({ version: 2 });
  const other = ratedWorld();
  await acceptBatch(other, submissionOf(consents(2)));
  expect(await endLostLeases(other, START)).toBe(0);
});
