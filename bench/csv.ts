import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Figure, figureOf } from './figure.ts';

const RUNS = 15;

const reading = z.object({ milliseconds: z.number(), memory: z.number() });

function run(mode: 'csv-parse' | 'product', times: number): z.output<typeof reading> {
  const script = fileURLToPath(new URL('./csv-run.ts', import.meta.url));
  return reading.parse(JSON.parse(execFileSync(process.execPath, [script, mode, String(times)], { encoding: 'utf8' })));
}

/** How reading a CSV file of 10,000 rows, with all checks, compares to the parser alone in the same run. */
export function csvFigures(): Figure[] {
  const parser = run('csv-parse', RUNS);
  const product = run('product', RUNS);
  // One file a process, as in a function: what is left behind by earlier runs is not what a run needs.
  const memory = run('product', 1).memory - run('csv-parse', 1).memory;
  return [
    figureOf('Acceptance', 'CSV of 10,000 rows, read and checked', product.milliseconds, 'ms', {
      target: 2 * parser.milliseconds,
      peers: { 'csv-parse alone': parser.milliseconds },
      floor: parser.milliseconds,
    }),
    figureOf('Acceptance', 'CSV of 10,000 rows, memory beyond the parser alone', memory / 1024 ** 2, 'MB', {
      target: 64,
    }),
  ];
}
