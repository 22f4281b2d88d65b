import { expect, test } from 'vitest';
import { ingestFile } from '#lambdas/batch/ingest-file/handler.ts';
import { runToEnd } from '#test/world/run.ts';
import { ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
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
