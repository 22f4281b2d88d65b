import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { uploadKey } from '#lambdas/batch/bucket.ts';
import { reserveUpload } from '#lambdas/batch/create-upload/handler.ts';
import type { Idempotency } from '#lambdas/batch/idempotency.ts';
import { ingestFile } from '#lambdas/batch/ingest-file/handler.ts';
import { readBatchStatus } from '#lambdas/batch/status/report.ts';
import { NO_PARAMETERS, plainRow } from '#lambdas/batch/submission.ts';
import { runToEnd } from '#test/world/run.ts';
import { consents, ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const UNREADABLE = 'no column of ours\n1\n';
const EMPTY = '';
const GOOD = `consentId\n${consents(2).join('\n')}\n`;

/** A bucket in which the content of a file is its version. */
function bucket() {
  const world = roomyWorld();
  const ports = {
    ...world,
    presigner: { presign: async () => ({ url: '', fields: {} }) },
    files: { read: async ({ version }: { version: string }) => Buffer.from(version) },
    organisations: { exists: async () => true },
  };
  world.start();
  const reserve = (idempotency: Idempotency | null = null) =>
    reserveUpload(
      ports,
      ORGANISATION,
      REFERENCE,
      {
        referenceId: REFERENCE,
        defaults: NO_PARAMETERS,
        fileName: 'consents.csv',
        fileType: 'csv',
        contentType: null,
      },
      idempotency,
    );
  const status = async () => {
    const { batch, status: said } = await readBatchStatus(ports, ORGANISATION, {
      referenceId: REFERENCE,
      filter: { statuses: new Set(), retryEligible: null, search: null },
      page: 1,
      limit: 100,
      includeBalances: false,
    });
    return { said, error: batch.error?.message, total: batch.total, source: batch.source };
  };
  return {
    world,
    ports,
    reserve,
    status,
    put: (key: string, version: string) =>
      ingestFile(ports, { key, version, size: version.length }, world.clock.now() + MINUTE),
    pass: (time: number) => world.clock.runUntil(world.clock.now() + time),
  };
}

const keyOf = ({ batch }: Awaited<ReturnType<ReturnType<typeof bucket>['reserve']>>) =>
  uploadKey(ORGANISATION, REFERENCE, batch.batchId);
const DROPPED = `drop/${ORGANISATION}/${REFERENCE}.csv`;
const FAILED = { said: 'FAILED', total: 0 };
const NO_COLUMN = expect.stringContaining('no column consentId');
const IS_EMPTY = expect.stringContaining('the file is empty');

describe('a file that cannot be read', () => {
  test('posted by a form: the status tells why, and the same form takes a corrected one', async () => {
    const { reserve, put, status, world, pass } = bucket();
    const key = keyOf(await reserve());
    await put(key, UNREADABLE);
    expect(await status()).toMatchObject({ ...FAILED, error: NO_COLUMN });
    await pass(2 * MINUTE);
    await put(key, EMPTY);
    expect(await status()).toMatchObject({ ...FAILED, error: IS_EMPTY });
    await pass(2 * MINUTE);
    await put(key, GOOD);
    await runToEnd(world, world.clock.now() + 30 * MINUTE);
    expect(await status()).toMatchObject({ said: 'COMPLETED', total: 2, error: undefined });
    // Later than what it was corrected by.
    await put(key, UNREADABLE);
    expect(await status()).toMatchObject({ said: 'COMPLETED', total: 2 });
  });

  test('posted by a form: its reference is free for another form, and the first one is void', async () => {
    const { reserve, put, status } = bucket();
    const first = keyOf(await reserve());
    await put(first, UNREADABLE);
    const second = keyOf(await reserve());
    expect(second).not.toBe(first);
    await put(first, GOOD);
    expect(await status()).toMatchObject({ said: 'READY', total: 0, error: undefined });
    await put(second, GOOD);
    expect(await status()).toMatchObject({ total: 2 });
  });

  test('posted by a form: a batch may come in any other way', async () => {
    const { ports, reserve, put, status } = bucket();
    await put(keyOf(await reserve()), UNREADABLE);
    await acceptBatch(ports, {
      organisationId: ORGANISATION,
      referenceId: REFERENCE,
      source: 'json',
      fileName: null,
      defaults: NO_PARAMETERS,
      rows: consents(3).map((consent) => ({ ...plainRow(consent), error: null })),
      idempotency: null,
    });
    expect(await status()).toMatchObject({ total: 3, source: 'json' });
  });

  test('posted by a form: a repeat of the request for it gets a form that works, though the first has expired', async () => {
    const { reserve, put, status, pass } = bucket();
    const idempotency = { key: 'k', content: 'c', txnid: 't' };
    await put(keyOf(await reserve(idempotency)), UNREADABLE);
    await pass(80 * MINUTE);
    expect(await status()).toMatchObject({ ...FAILED, error: NO_COLUMN });
    await put(keyOf(await reserve(idempotency)), GOOD);
    expect(await status()).toMatchObject({ total: 2 });
  });

  test('dropped: the status tells why, too, and a corrected one starts the batch', async () => {
    const { put, status, world } = bucket();
    await put(DROPPED, UNREADABLE);
    expect(await status()).toMatchObject({ ...FAILED, error: NO_COLUMN });
    await put(DROPPED, EMPTY);
    expect(await status()).toMatchObject({ ...FAILED, error: IS_EMPTY });
    // Nothing is left to do for it.
    expect(await world.openBatches.list()).toEqual([]);
    await put(DROPPED, GOOD);
    await runToEnd(world, world.clock.now() + 30 * MINUTE);
    expect(await status()).toMatchObject({ said: 'COMPLETED', total: 2, error: undefined });
    await put(DROPPED, UNREADABLE);
    expect(await status()).toMatchObject({ said: 'COMPLETED', total: 2 });
  });

  test('dropped for a form whose file has not come yet: the form keeps its reference', async () => {
    const { reserve, put, status } = bucket();
    const key = keyOf(await reserve());
    await put(DROPPED, UNREADABLE);
    expect(await status()).toMatchObject({ said: 'READY', error: undefined });
    await put(key, GOOD);
    expect(await status()).toMatchObject({ total: 2, source: 'presigned' });
  });
});

test('a file none of whose rows is valid was read: it is a batch, and keeps its reference', async () => {
  const { reserve, put, status } = bucket();
  await put(keyOf(await reserve()), 'consentId\nnot-a-guid\n');
  expect(await status()).toMatchObject({ said: 'FAILED', total: 1 });
  await expect(reserve()).rejects.toMatchObject({ code: 'DuplicateReferenceId' });
});
