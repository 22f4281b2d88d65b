import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesize } from '#local/synthesize.ts';
import { billRows } from './bills/bill.ts';
import { compareRuns } from './compare.ts';
import { writeDocuments } from './documents/write.ts';
import { alignColumns, formatFigures, isReached } from './figure.ts';
import { readRecord, writeRecord } from './record.ts';
import { fullRun, quickRun } from './runs.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** The record of an earlier run of the same kind, to compare with. */
    against: { type: 'string' },
  },
});
// Read before the new record takes its place.
const earlier = values.against === undefined ? null : readRecord(values.against);
if (earlier && earlier.quick !== values.quick) throw new Error(`${values.against} is of a run of the other kind`);

console.log(values.quick ? 'Measuring, the short way …' : 'Measuring; nothing else should run on this machine …');
const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const assembly = await synthesize(join(folder, 'assembly'));
  const run = values.quick ? quickRun : fullRun;
  const { figures, prices } = await run(assembly, (what) => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${what}`);
  });
  console.log(formatFigures(figures));
  console.log(`\nWhat is billed, us-east-1:\n${alignColumns(prices.flatMap(billRows))}`);
  const record = writeRecord(figures, prices, values.quick);
  // A short run lacks some of what the documents show.
  if (!values.quick) writeDocuments(record);
  const missed = figures.filter((figure) => !isReached(figure));
  for (const { name } of missed) console.log(`MISSED: ${name}`);
  // What depends on the machine is said, and no more: a busy machine is no fault of the product.
  if (missed.some(({ exact }) => exact)) process.exitCode = 1;
  if (earlier) {
    const { text, tooLarge } = compareRuns(earlier, record);
    console.log(text);
    if (tooLarge) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
