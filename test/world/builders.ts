import { newRow, type Phase, type Row } from '#lambdas/chunk/row.ts';
import type { Ledger } from '#lambdas/upstream/ledger.ts';
import { START } from './start.ts';

/** A value that a test needs. Throws where there is none. */
export function mustExist<T>(value: T | null | undefined, what = 'what the test needs'): T {
  if (value === null || value === undefined) throw new Error(`${what} does not exist`);
  return value;
}

/** A ledger of windows of a minute from the epoch on, 1,000 calls each, of which nobody has told otherwise. */
export const aLedger = (change: Partial<Ledger> = {}): Ledger => ({
  epoch: 0,
  anchor: { window: 0, endsAt: 60_000, isTold: false },
  length: 60_000,
  limits: new Map(),
  limit: 1000,
  taken: new Map(),
  otherCalls: new Map(),
  blockedUntil: 0,
  circuitOpenUntil: null,
  circuitBy: null,
  failures: 0,
  ...change,
});

/** The number of the window that begins with the start of every world. */
export const FIRST_WINDOW = START / 60_000;

/** A row in a phase, as if all its times were the start. */
export const aRow = (phase: Phase, change: Partial<Row> = {}): Row => ({ ...newRow(START), phase, ...change });
