import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '#lambdas/batch/batch.ts';
import { dynamoDbBatches } from '#lambdas/batch/store.dynamodb.ts';
import {
  type BatchChange,
  type BatchKey,
  type BatchStore,
  findBatch,
  findOutcome,
  findUpload,
} from '#lambdas/batch/store.ts';
import { memoryBatches } from '#test/world/batches.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const NOW = 1_800_000_000_000;
const EXPIRES_AT = NOW / 1000 + 100;

let table: LocalTable;
beforeAll(async () => {
  table = await localTable();
});
afterAll(() => table.close());

const STORES = {
  memory: (): BatchStore => memoryBatches(),
  DynamoDB: (): BatchStore => dynamoDbBatches(table),
};

let references = 0;
/** A batch under a reference that nobody has used. */
function aBatch(change: Partial<Batch> = {}): Batch {
  references += 1;
  return {
    organisationId: 'lender',
    referenceId: `reference-${references}`,
    batchId: 'one',
    promisedId: null,
    total: 2,
    duplicates: 0,
    chunks: 2,
    chunkRows: 1,
    fileName: 'consents.csv',
    globalConfig: { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: null, configId: 'report' },
    acceptedAt: NOW,
    finishedChunks: new Set(),
    source: 'form',
    reservation: null,
    error: null,
    idempotency: { key: 'k', content: 'c', txnid: 't' },
    ...change,
  };
}
const reserved = (until: number): Partial<Batch> => ({
  total: 0,
  chunks: 0,
  source: 'presigned',
  reservation: { fileType: 'csv', until },
});
/** What is left of a file that could not be read. */
const unread: Partial<Batch> = { total: 0, chunks: 0, error: { code: 'InvalidFileContent', message: 'Empty.' } };
const accept = (batch: Batch, now = NOW, expiresAt = EXPIRES_AT): BatchChange => ({
  kind: 'accept',
  batch,
  expiresAt,
  now,
});
const acceptUpload = (batch: Batch): BatchChange => ({ kind: 'accept-upload', batch, expiresAt: EXPIRES_AT });
const lease = (until: number, now = NOW): BatchChange => ({ kind: 'lease-upload', until, now });
const finish = (chunk: number): BatchChange => ({ kind: 'finish-chunk', chunk });
const close: BatchChange = { kind: 'close', at: NOW + 5_000 };

describe.each(Object.entries(STORES))('a batch in %s', (_store, open) => {
  test('is read as it was accepted', async () => {
    const batches = open();
    const batch = aBatch();
    const stored = { batch, isOpen: true, readUntil: 0, finishedAt: null, expiresAt: EXPIRES_AT };
    expect(await batches.apply(batch, accept(batch))).toEqual(stored);
    expect(await batches.read(batch.organisationId, batch.referenceId)).toEqual(stored);
    expect(await batches.read('another', batch.referenceId)).toBeNull();
  });

  test.each<[string, Partial<Batch>, number, boolean]>([
    ['another batch', {}, NOW, false],
    ['the same batch: only a repeat of the very write meets its own', { batchId: 'two' }, NOW, false],
    ['a batch that is expired', {}, NOW + 100_000, true],
    ['a reservation', reserved(NOW + 1), NOW, false],
    ['a reservation that is over', reserved(NOW), NOW, true],
    ['a file that could not be read', unread, NOW, true],
    ['a form whose file could not be read', { ...reserved(NOW + 1), ...unread }, NOW, true],
    ['its own form, whose file could not be read since', { ...unread, batchId: 'two' }, NOW, false],
    ['a file with rows none of which is valid', { error: { code: 'NoValidRows', message: 'None.' } }, NOW, false],
  ])('where the reference is that of %s', async (_, change, now, isAccepted) => {
    const batches = open();
    const first = aBatch(change);
    await batches.apply(first, accept(first));
    const second: Batch = { ...aBatch(), referenceId: first.referenceId, batchId: 'two' };
    expect((await batches.apply(second, accept(second, now))) !== null).toBe(isAccepted);
  });

  test('is found while its retention lasts; a reservation that is over only as an upload', async () => {
    const batches = open();
    const [batch, upload] = [aBatch(), aBatch(reserved(NOW + 10_000))];
    for (const each of [batch, upload]) await batches.apply(each, accept(each));
    const found = async (of: Batch, at: number) =>
      (await Promise.all([findBatch, findUpload].map((find) => find(batches, 'lender', of.referenceId, at)))).map(
        (each) => each !== null,
      );
    expect(await found(batch, NOW + 99_000)).toEqual([true, true]);
    expect(await found(batch, NOW + 100_000)).toEqual([false, false]);
    expect(await found(upload, NOW + 9_999)).toEqual([true, true]);
    expect(await found(upload, NOW + 10_000)).toEqual([false, true]);
  });

  test('of a file that could not be read is no batch: only what became of the reference finds it, and no report is owed', async () => {
    const batches = open();
    for (const change of [
      { ...unread, source: 'drop' as const },
      { ...reserved(NOW + 10), ...unread },
    ]) {
      const batch = aBatch(change);
      expect(await batches.apply(batch, accept(batch))).toMatchObject({ isOpen: false });
      const found = await Promise.all(
        [findBatch, findOutcome, findUpload].map((find) => find(batches, 'lender', batch.referenceId, NOW + 20)),
      );
      expect(found.map((each) => each?.error?.code)).toEqual([undefined, 'InvalidFileContent', 'InvalidFileContent']);
    }
  });

  test('that is reserved for an upload: one reader at a time, and accepted once', async () => {
    const batches = open();
    const batch = aBatch(reserved(NOW + 1_000));
    await batches.apply(batch, accept(batch));
    const full: Batch = { ...batch, ...aBatch(), referenceId: batch.referenceId, reservation: null };
    const read = { ...full, batchId: 'reader', promisedId: batch.batchId };
    const thief = { ...batch, batchId: 'thief' };
    const changes = [
      [batch, lease(NOW + 60)],
      [batch, lease(NOW + 90)],
      [batch, lease(NOW + 90, NOW + 60)],
      [thief, acceptUpload(read)],
      [batch, acceptUpload(read)],
      [batch, acceptUpload(read)],
      [batch, lease(NOW + 90, NOW + 100)],
    ] as const;
    const held: boolean[] = [];
    for (const [key, change] of changes) held.push((await batches.apply(key, change)) !== null);
    expect(held).toEqual([true, false, true, false, true, false, false]);
    expect(await batches.read('lender', batch.referenceId)).toMatchObject({ batch: read, isOpen: true, readUntil: 0 });
  });

  test('has each finished chunk once, and is closed once', async () => {
    const batches = open();
    const batch = aBatch();
    await batches.apply(batch, accept(batch));
    await batches.apply(batch, finish(1));
    expect((await batches.apply(batch, finish(1)))?.batch.finishedChunks).toEqual(new Set([1]));
    expect((await batches.apply(batch, finish(0)))?.batch.finishedChunks).toEqual(new Set([0, 1]));
    expect(await batches.apply(batch, close)).toMatchObject({ isOpen: false, finishedAt: NOW + 5_000 });
    expect(await batches.apply(batch, close)).toBeNull();
  });

  test('is not touched by changes of another that had its reference', async () => {
    const batches = open();
    const batch = aBatch();
    await batches.apply(batch, accept(batch));
    const before = await batches.read('lender', batch.referenceId);
    const another: BatchKey = { ...batch, batchId: 'another' };
    for (const change of [finish(0), close, lease(NOW + 1)]) expect(await batches.apply(another, change)).toBeNull();
    expect(await batches.read('lender', batch.referenceId)).toEqual(before);
  });

  test('that failed as a whole is open only where a report is owed', async () => {
    const batches = open();
    const error = { code: 'NoValidRows', message: 'None.' };
    for (const source of ['form', 'drop'] as const) {
      const batch = aBatch({ source, error });
      expect((await batches.apply(batch, accept(batch)))?.isOpen).toBe(source === 'drop');
    }
  });
});

test('both stores do the same with any changes in any order', async () => {
  const batchId = fc.constantFrom('one', 'two');
  const offset = fc.integer({ min: 0, max: 3 });
  const step = fc.record({
    batchId,
    isReserved: fc.boolean(),
    isUnread: fc.boolean(),
    kind: fc.constantFrom('accept', 'accept', 'lease-upload', 'accept-upload', 'finish-chunk', 'close'),
    offset,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const { referenceId } = aBatch();
      const both = [STORES.memory(), STORES.DynamoDB()];
      for (const each of steps) {
        const own = { referenceId, batchId: each.batchId };
        const batch = aBatch({
          ...(each.isReserved ? reserved(NOW + 2_000) : {}),
          ...(each.isUnread ? unread : {}),
          ...own,
        });
        const now = NOW + each.offset * 1_000;
        const expiresAt = NOW / 1000 + 2 + each.offset;
        const changes: Readonly<Record<typeof each.kind, BatchChange>> = {
          accept: accept(batch, now, expiresAt),
          'lease-upload': lease(now + 1_500, now),
          'accept-upload': acceptUpload(each.isUnread ? batch : { ...batch, reservation: null }),
          'finish-chunk': finish(each.offset),
          close,
        };
        const change = changes[each.kind];
        const [memory, dynamo] = await Promise.all(both.map((store) => store.apply(batch, change)));
        expect(dynamo, JSON.stringify(each)).toEqual(memory);
      }
      const [memory, dynamo] = await Promise.all(both.map((store) => store.read('lender', referenceId)));
      expect(dynamo).toEqual(memory);
    }),
    { numRuns: 100 },
  );
});
