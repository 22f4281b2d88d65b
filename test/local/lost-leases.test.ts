import { expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { Batch } from '#lambdas/batch/batch.ts';
import { uploadKey } from '#lambdas/batch/bucket.ts';
import { advanceChunk } from '#lambdas/chunk/advance.ts';
import { endLostLeases, endLostReads } from '#local/lost-leases.ts';
import { mustExist } from '#test/world/builders.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START, taskOf } from '#test/world/unit-worlds.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const UPLOAD = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

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

test('a file whose reader is dead may be read again at once; messages of other queues are passed over', async () => {
  const world = roomyWorld();
  const { batches } = world;
  const { batch } = await acceptBatch(world, submissionOf(consents(1)));
  const reservation = { fileType: 'csv', until: START + HOUR } as const;
  const upload: Batch = { ...batch, referenceId: 'an-upload', batchId: UPLOAD, source: 'presigned', reservation };
  await batches.apply(upload, { kind: 'accept', batch: upload, expiresAt: (START + 9 * HOUR) / 1000, now: START });
  const lease = { kind: 'lease-upload', until: START + MINUTE, now: START + 1 } as const;
  expect(await batches.apply(upload, lease)).not.toBeNull();
  expect(await batches.apply(upload, lease)).toBeNull();

  const key = uploadKey(upload.organisationId, upload.referenceId, upload.batchId);
  const object = { key, versionId: 'v', size: 1 };
  const message = { Records: [{ eventName: 'ObjectCreated:Post', s3: { object } }] };
  await endLostReads(batches, ['{"chunk": 1}', 'text', JSON.stringify(message)], START + 1);
  expect(await batches.apply(upload, lease)).not.toBeNull();
});
