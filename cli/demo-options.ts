import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const ROWS = 'must be a whole number from 1 to 10,000';

const demoOptions = z.object({
  rows: z.coerce.number({ error: ROWS }).int({ error: ROWS }).min(1, { error: ROWS }).max(10_000, { error: ROWS }),
  file: z.string().refine(existsSync, { error: 'does not exist' }).optional(),
  timeScale: z.coerce.number({ error: 'must be a number' }).positive(),
});

export type DemoOptions = z.output<typeof demoOptions>;

/** The demo's options, `--rows N` or `--file PATH`, and its TIME_SCALE. Exits with a message if one is invalid. */
export function readDemoOptions(): DemoOptions {
  try {
    const { values } = parseArgs({ options: { rows: { type: 'string', default: '10000' }, file: { type: 'string' } } });
    return demoOptions.parse({ ...values, timeScale: process.env['TIME_SCALE'] ?? '0.02' });
  } catch (error) {
    console.error(error instanceof z.ZodError ? z.prettifyError(error) : String(error));
    process.exit(2);
  }
}
