import { randomBytes } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { readBatchFile } from '#lambdas/batch/file.ts';
import { peakMemoryBytes } from '#local/lambda/peak-memory.ts';
import { median } from './timing.ts';

/** One way to read a CSV file of 10,000 rows, so many times, in a process of its own: prints the median milliseconds and the peak memory in bytes. */
const mode = z.enum(['csv-parse', 'product']).parse(process.argv[2]);

const guid = (): string =>
  randomBytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const lines = Array.from({ length: 10_000 }, () => `${guid()},2024-01-01T00:00:00Z,2024-12-31T23:59:59Z,income-report`);
const file = Buffer.from(`consentId,fiDataRangeFrom,fiDataRangeTo,configId\n${lines.join('\n')}\n`);
lines.length = 0;

const NO_DEFAULTS = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
const read = (): number =>
  mode === 'product'
    ? readBatchFile(file, 'csv', NO_DEFAULTS).rows.length
    : parse(file, { columns: true, skip_empty_lines: true }).length;

const RUNS = z.coerce.number().int().positive().parse(process.argv[3]);
const times = Array.from({ length: RUNS }, () => {
  const startedAt = performance.now();
  if (read() !== 10_000) throw new Error('rows were lost');
  return performance.now() - startedAt;
});
console.log(JSON.stringify({ milliseconds: median(times), memory: peakMemoryBytes() }));
