import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions, runCommand, UsageError } from '#cli/command.ts';
import { synthesize } from '#local/synthesize.ts';
import { billRows } from './bills/bill.ts';
import { compareRuns } from './compare.ts';
import { writeDocuments } from './documents/write.ts';
import { alignColumns, formatFigures, isReached } from './figure.ts';
import { readRecord, writeRecord } from './record.ts';
import { fullRun, quickRun } from './runs.ts';

const USAGE = `npm run bench                        measures everything (ten minutes; nothing else should run)
npm run bench -- --quick             the figures that no machine changes
npm run bench -- --against PATH      compares with the record of an earlier run of the same kind`;

await runCommand(USAGE, async (args) => {
  const { quick, against } = readOptions(args, {
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
  });
  // Read before the new record takes its place.
  const earlier = against === undefined ? null : readRecord(against);
  if (earlier && earlier.quick !== quick) throw new UsageError(`${against} is of a run of the other kind`);

  console.log(quick ? 'Measuring, the short way …' : 'Measuring; nothing else should run on this machine …');
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const assembly = await synthesize(join(folder, 'assembly'));
    const run = quick ? quickRun : fullRun;
    const { figures, prices } = await run(assembly, (what) => {
      console.log(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${what}`);
    });
    console.log(formatFigures(figures));
    console.log(`\nWhat is billed, us-east-1:\n${alignColumns(prices.flatMap(billRows))}`);
    const record = writeRecord(figures, prices, quick);
    // A short run lacks some of what the documents show.
    if (!quick) writeDocuments(record);
    const missed = figures.filter((figure) => !isReached(figure));
    for (const { name } of missed) console.log(`MISSED: ${name}`);
    const compared = earlier ? compareRuns(earlier, record) : null;
    if (compared) console.log(compared.text);
    // What depends on the machine is said, and no more: a busy machine is no fault of the product.
    return missed.some(({ exact }) => exact) || compared?.tooLarge ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
