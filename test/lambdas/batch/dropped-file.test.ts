import { expect, test } from 'vitest';
import { ingestFile } from '#lambdas/batch/ingest-file/handler.ts';
import { crashable } from '#test/world/crashable-ports.ts';
import { connectPipeline, runToEnd } from '#test/world/run-batch.ts';
import { ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/world.ts';

const MINUTE = 60_000;
const FILE = { key: `drop/${ORGANISATION}/${REFERENCE}.csv`, version: 'v1', size: 100 };

/** The drop folder, with a file none of whose rows is valid. */
function dropFolder() {
  const world = roomyWorld();
  const ports = {
    ...world,
    files: { read: async () => Buffer.from('consentId\nnot-a-guid\n') },
    organisations: { exists: async () => true },
  };
  return { world, ports };
}

/** The report on the file, as it lies there. */
const reportIn = ({ reports }: ReturnType<typeof dropFolder>['world']) =>
  reports.written.get(`drop-reports/${ORGANISATION}/${REFERENCE}.json`);
const FAILED = { outcome: 'FAILED', summary: { total: 1, completed: 0, failed: 1 } };

test('a dropped file without a valid row is reported at once, and its batch is closed', async () => {
  const { world, ports } = dropFolder();
  await ingestFile(ports, FILE, world.clock.now() + MINUTE);
  expect(reportIn(world)).toMatchObject(FAILED);
  expect(await world.openBatches.list()).toEqual([]);
  expect(world.telemetry.countOf('BatchFinished')).toBe(1);
});

test.each(['batches.accept', 'reports.write'])(
  'its report is written though its reader dies at %s and nobody reads the file again',
  async (last) => {
    const { world, ports } = dropFolder();
    const dying = crashable(ports, (call) => (call === last ? 'dies-after' : 'none'));
    await expect(
      Promise.race([ingestFile(dying.ports, FILE, world.clock.now() + MINUTE), dying.death]),
    ).rejects.toThrow('died');

    connectPipeline(world);
    await runToEnd(world, world.clock.now() + 5 * MINUTE);
    expect(reportIn(world)).toMatchObject(FAILED);
    expect(await world.openBatches.list()).toEqual([]);
    expect(world.telemetry.countOf('BatchFinished')).toBe(1);
  },
);
