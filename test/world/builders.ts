import { newRow, type Phase, type Row } from '#lambdas/chunk/row.ts';
import { START } from './start.ts';

/** A value that a test needs. Throws where there is none. */
export function mustExist<T>(value: T | null | undefined, what = 'what the test needs'): T {
  if (value === null || value === undefined) throw new Error(`${what} does not exist`);
  return value;
}

/** A row in a phase, as if all its times were the start. */
export const aRow = (phase: Phase, change: Partial<Row> = {}): Row => ({ ...newRow(START), phase, ...change });
