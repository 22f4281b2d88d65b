import { describe, expect, test } from 'vitest';
import { type IngestPorts, ingestFile } from '#lambdas/batch/ingest-file/handler.ts';
import { runToEnd } from '#test/world/run.ts';
import { consentId, ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const FILE = { key: `drop/${ORGANISATION}/${REFERENCE}.csv`, version: 'v1', size: 100 };

/** The drop folder, with a file none of whose rows is valid. */
function dropFolder() {
  const world = roomyWorld();
  const surroundings = {
    files: { read: async () => Buffer.from('consentId\nnot-a-guid\n') },
    organisations: { exists: async () => true },
  };
  return { world, surroundings };
}

/** The report on the file, as it lies there. */
const reportIn = ({ bucket }: ReturnType<typeof dropFolder>['world']) =>
  bucket.reports.get(`drop-reports/${ORGANISATION}/${REFERENCE}.json`);
const FAILED = { outcome: 'FAILED', summary: { total: 1, completed: 0, failed: 1 } };

test('a dropped file without a valid row is reported at once, and its batch is closed', async () => {
  const { world, surroundings } = dropFolder();
  await ingestFile({ ...world, ...surroundings }, FILE, world.clock.now() + MINUTE);
  expect(reportIn(world)).toMatchObject(FAILED);
  expect(await world.openBatches.list()).toEqual([]);
  expect(world.telemetry.countOf('BatchFinished')).toBe(1);
});

test.each(['batches.accept', 'reports.write'])(
  'its report is written though its reader dies at %s and nobody reads the file again',
  async (last) => {
    const { world, surroundings } = dropFolder();
    world.disturbance.fault = ({ worker, name }) => (worker === 'reader' && name === last ? 'dies-after' : null);
    const reader = world.worker('reader');
    const reading = ingestFile({ ...reader.ports, ...surroundings }, FILE, world.clock.now() + MINUTE);
    await expect(Promise.race([reading, reader.death])).rejects.toThrow('died');
    await reading.catch(() => {});

    world.start();
    await runToEnd(world, world.clock.now() + 5 * MINUTE);
    expect(reportIn(world)).toMatchObject(FAILED);
    expect(await world.openBatches.list()).toEqual([]);
    expect(world.telemetry.countOf('BatchFinished')).toBe(1);
  },
);

describe('whatever comes later', () => {
  const OUTCOME = `drop-reports/${ORGANISATION}/${REFERENCE}`;
  /** A folder whose first version is good; every other is empty. */
  async function reported() {
    const { world } = dropFolder();
    const [good, other] = [1, 2].map((number) => `consentId\n${consentId(number)}\n`);
    const contents: Record<string, string | undefined> = { v1: good, good: other, broken: '{"consents_list": [' };
    const surroundings = {
      files: { read: async ({ version }: { version: string }) => Buffer.from(contents[version] ?? '') },
      organisations: { exists: async () => true },
    };
    const ingest = (file: object, ports: IngestPorts = { ...world, ...surroundings }) =>
      ingestFile(ports, { ...FILE, ...file }, world.clock.now() + MINUTE);
    const reports = () => Object.fromEntries(world.bucket.reports);
    world.start();
    return { world, surroundings, ingest, reports };
  }

  test.each([
    ['an object of 0 bytes under the same name', { version: 'v0', size: 0 }, `${OUTCOME}.v0.json`],
    ['a broken file under the same name', { version: 'broken' }, `${OUTCOME}.broken.json`],
    [
      'a broken one of the other type',
      { version: 'broken', key: `drop/${ORGANISATION}/${REFERENCE}.json` },
      `${OUTCOME}.broken.json`,
    ],
    [
      'one whose ending is in capitals',
      { version: 'v3', key: `drop/${ORGANISATION}/${REFERENCE}.CSV` },
      `${OUTCOME}.v3.json`,
    ],
    ['a good one', { version: 'good' }, `${OUTCOME}.good.json`],
    ['one that is too large', { version: 'v2', size: 20_000_000 }, `${OUTCOME}.v2.json`],
    ['a name without an ending', { key: `drop/${ORGANISATION}/${REFERENCE}` }, `${OUTCOME}.rejected.json`],
  ])('%s is reported beside the report of the batch', async (_, file, key) => {
    const { world, ingest, reports } = await reported();
    await ingest({});
    await runToEnd(world, world.clock.now() + 10 * MINUTE);
    const report = reports()[`${OUTCOME}.json`];
    expect(report).toMatchObject({ outcome: 'COMPLETED' });
    await ingest(file);
    expect(reports()[`${OUTCOME}.json`]).toEqual(report);
    expect(reports()[key]).toMatchObject({ outcome: 'REJECTED' });
  });

  test('a rejection that took longer than the whole batch leaves the report of the batch', async () => {
    const { world, surroundings, ingest, reports } = await reported();
    world.disturbance.slowness = () => 10 * MINUTE;
    world.disturbance.fault = ({ worker, name }) =>
      worker === 'slow' && name === 'reports.write' ? 'slow-before' : null;
    const rejecting = ingest({ version: 'v0' }, { ...world.worker('slow').ports, ...surroundings });
    await world.clock.runUntil(world.clock.now() + 1_000);
    await ingest({});
    await runToEnd(world, world.clock.now() + 9 * MINUTE);
    expect(reports()[`${OUTCOME}.json`]).toMatchObject({ outcome: 'COMPLETED' });
    await world.clock.finish(rejecting);
    expect(reports()[`${OUTCOME}.json`]).toMatchObject({ outcome: 'COMPLETED' });
  });
});
