import { expect, test } from 'vitest';
import { uploadKey } from '#lambdas/batch/bucket.ts';
import { reserveUpload } from '#lambdas/batch/create-upload/handler.ts';
import { ingestFile } from '#lambdas/batch/ingest-file/handler.ts';
import type { BatchStore } from '#lambdas/batch/store.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { recordsOf, runToEnd } from '#test/world/run.ts';
import { consents, ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const LIFETIME = MINUTE;

/** A presigned upload whose file is there in two versions, by their names. */
async function uploaded(versions: Readonly<Record<string, string>>) {
  const world = roomyWorld({ CHUNK_ROWS: '2' });
  const { batch } = await reserveUpload(
    { ...world, presigner: { presign: async () => ({ url: '', fields: {} }) } },
    ORGANISATION,
    REFERENCE,
    {
      referenceId: REFERENCE,
      defaults: { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null },
      fileName: 'consents.csv',
      fileType: 'csv',
      contentType: null,
    },
    null,
  );
  const key = uploadKey(ORGANISATION, REFERENCE, batch.batchId);
  const surroundings = {
    files: { read: async ({ version }: { version: string }) => Buffer.from(versions[version] ?? '') },
    organisations: { exists: async () => true },
  };
  return { world, surroundings, ports: { ...world, ...surroundings }, key };
}

const csv = (rows: readonly string[]): string => `consentId\n${rows.join('\n')}\n`;

test.each([
  ['another version of the file, with fewer rows', { second: csv(consents(2)) }, '2'],
  ['the same file, cut into larger chunks since a deploy', { second: csv(consents(6)) }, '6'],
])('what a reader left behind that died is no part of the batch: %s', async (_, versions, chunkRows) => {
  const { world, surroundings, ports, key } = await uploaded({
    first: csv(['not-a-guid', ...consents(5)]),
    ...versions,
  });
  // It dies when it has written all chunks, before the acceptance.
  world.disturbance.fault = ({ worker, name }) =>
    worker === 'reader' && name === 'batches.accept-upload' ? 'dies-before' : null;
  const reader = world.worker('reader');
  const file = { key, version: 'first', size: 100 };
  const reading = ingestFile({ ...reader.ports, ...surroundings }, file, world.clock.now() + LIFETIME);
  await expect(Promise.race([reading, reader.death])).rejects.toThrow('died');
  await reading.catch(() => {});

  await world.clock.runUntil(world.clock.now() + 2 * LIFETIME);
  const settings = { ...world.settings, chunkRows: readSettings({ CHUNK_ROWS: chunkRows }).chunkRows };
  await ingestFile({ ...ports, settings }, { ...file, version: 'second' }, world.clock.now() + LIFETIME);
  world.start();
  await runToEnd(world, world.clock.now() + 30 * MINUTE);
  const records = await recordsOf(world);
  expect(records.map(({ consent_id, status }) => [consent_id, status])).toEqual(
    consents(records.length).map((consent) => [consent, 'COMPLETED']),
  );
  expect(records).toHaveLength(versions.second.trim().split('\n').length - 1);
  expect(consents(6).map((consent) => world.finPro.callsOf(consent, 'request').length)).toEqual(
    consents(6).map((_consent, index) => (index < records.length ? 1 : 0)),
  );
});

test('a reader has the file to itself until it is certainly dead, by every clock', async () => {
  const { world, ports, key } = await uploaded({ first: csv(consents(3)) });
  const until: number[] = [];
  const watched = {
    ...ports,
    batches: {
      ...ports.batches,
      apply: (...[key, change]: Parameters<BatchStore['apply']>) => {
        if (change.kind === 'lease-upload') until.push(change.until);
        return ports.batches.apply(key, change);
      },
    },
  };
  const diesAt = world.clock.now() + LIFETIME;
  await ingestFile(watched, { key, version: 'first', size: 100 }, diesAt);
  expect(until).toEqual([diesAt + world.settings.clockSkew]);
});
