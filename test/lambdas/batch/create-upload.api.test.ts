import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { dynamoDbBatches } from '#lambdas/batch/store.dynamodb.ts';
import { findBatch, findUpload } from '#lambdas/batch/store.ts';
import { NO_OUTCOME, newChunk } from '#lambdas/chunk/chunk.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { type ApiUnderTest, apiUnderTest, TENANT } from '#test/world/api-under-test.ts';
import { mustExist } from '#test/world/builders.ts';

const settings = readSettings({});
const clock = { now: () => Date.now() };
const REFERENCE = 'reserved-upload';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  await api.call('create-upload', { reference_id: REFERENCE, file_name: 'consents.csv' });
});
afterAll(() => api.close());

const find = (now: number) => findBatch(dynamoDbBatches(api.table), TENANT.organisationId, REFERENCE, now);

test('a reserved batch shows no rows while its chunks are being written', async () => {
  const batch = mustExist(await find(clock.now()));
  const key = { organisationId: TENANT.organisationId, referenceId: REFERENCE, batchId: batch.batchId, chunk: 0 };
  await dynamoDbChunks(api.table, clock, settings).create([
    {
      state: newChunk(key, [false], clock.now(), settings),
      input: { defaults: batch.globalConfig, chunkRows: 250, rows: [] },
      rejections: { ...NO_OUTCOME, version: 1 },
    },
  ]);
  const { status, body } = await api.call('batch-status', { reference_id: REFERENCE });
  expect(status).toBe(200);
  expect(body['data']).toMatchObject({ batch_status: 'READY', summary: { total: 0 }, records: [] });
});

test('only one reader gets the file of a reserved batch', async () => {
  const batches = dynamoDbBatches(api.table);
  const now = clock.now();
  const batch = mustExist(await find(now));
  const lease = { kind: 'lease-upload', until: now + 60_000, now } as const;
  const leases = await Promise.all([1, 2, 3].map(() => batches.apply(batch, lease)));
  expect(leases.filter(Boolean)).toHaveLength(1);
});

test('a reservation that is over leaves the reference free', async () => {
  const later = clock.now() + settings.upload.expiry + settings.upload.reservation + 1_000;
  expect(await find(later)).toBeNull();
  expect(await findUpload(dynamoDbBatches(api.table), TENANT.organisationId, REFERENCE, later)).not.toBeNull();
});

test('a client that lost its form gets one again for the same reservation, by its idempotency key', async () => {
  const request = { reference_id: 'lost-its-form', file_name: 'consents.csv' };
  const ask = (key: string | undefined, body: object = request) =>
    api.call('create-upload', body, { 'Idempotency-Key': key });
  const first = await ask('key-1');
  const again = await ask('key-1');
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(first.headers).not.toHaveProperty('Idempotent-Replayed');
  expect(again.headers).toMatchObject({ 'Idempotent-Replayed': 'true' });
  const { txnid, timestamp, data } = first.body;
  expect(again.body).toMatchObject({ txnid, timestamp });
  const form = z.object({ reference_id: z.string(), batch_id: z.string(), url: z.string(), expires_at: z.string() });
  expect(form.parse(again.body['data'])).toEqual(form.parse(data));

  for (const refused of [
    await ask('another-key'),
    await ask(undefined),
    await ask('key-1', { ...request, file_name: 'other.csv' }),
  ]) {
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ errorCode: 'DuplicateReferenceId' });
  }
});
