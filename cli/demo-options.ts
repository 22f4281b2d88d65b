import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { LOCAL_VARIABLES } from '#local/variables.ts';
import { readOptions, readVariables, UsageError } from './command.ts';

export const DEMO_USAGE = `npm run demo                      sends 10,000 consents through the whole product, and shows what became of them
npm run demo -- --rows N          another number of rows, 1 to 10,000
npm run demo -- --file PATH       the consents of a CSV or JSON file, such as samples/consents.csv
npm run demo -- --kill            kills the product with SIGKILL in the middle, several times, and starts it again
npm run demo -- --units           also shows each AWS call and billed unit

Environment: TIME_SCALE (0.02), what every wait is multiplied by; ASSEMBLY, a folder that \`npm run synth\` has written`;

const ROWS = '--rows must be a whole number from 1 to 10,000';
const MOST_ROWS = 10_000;

const rowsSchema = z.coerce.number({ error: ROWS }).int({ error: ROWS }).min(1, { error: ROWS });

export interface DemoOptions {
  readonly rows: number;
  /** The path of a file to submit instead. */
  readonly file: string | undefined;
  readonly kill: boolean;
  readonly units: boolean;
  readonly timeScale: number;
  /** A folder with the synthesized stack, which is then not synthesized again. */
  readonly assembly: string | undefined;
}

const { TIME_SCALE, ASSEMBLY } = LOCAL_VARIABLES.shape;
const VARIABLES = z.object({ TIME_SCALE: TIME_SCALE.removeDefault().default(0.02), ASSEMBLY });

/**
 * The demo's options and its TIME_SCALE.
 * @throws UsageError naming what cannot be meant
 */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  const { rows, file, kill, units } = readOptions(args, {
    rows: { type: 'string' },
    file: { type: 'string' },
    kill: { type: 'boolean', default: false },
    units: { type: 'boolean', default: false },
  });
  if (rows !== undefined && file !== undefined) throw new UsageError('--rows and --file exclude each other');
  const parsed = rowsSchema.max(MOST_ROWS, { error: ROWS }).safeParse(rows ?? MOST_ROWS);
  if (!parsed.success) throw new UsageError(`${ROWS}, not '${rows}'`);
  const variables = readVariables(VARIABLES);
  return {
    rows: parsed.data,
    file: file === undefined ? undefined : fileAt(file),
    kill,
    units,
    timeScale: variables.TIME_SCALE,
    assembly: variables.ASSEMBLY,
  };
}

/** A path is meant from where npm was called, which is not where it runs its scripts. */
function fileAt(file: string): string {
  const path = resolve(process.env['INIT_CWD'] ?? '', file);
  const stats = statSync(path, { throwIfNoEntry: false });
  const remedy = 'Name a CSV or JSON file, such as samples/consents.csv';
  if (stats === undefined) throw new UsageError(`--file: ${file} does not exist. ${remedy}`);
  if (!stats.isFile()) throw new UsageError(`--file: ${file} is no file. ${remedy}`);
  return path;
}
