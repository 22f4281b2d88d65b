import type { MeterReading } from '#local/meter.ts';
import { listPrice, PRICES_AS_OF, type PricedRegion } from '#local/prices.ts';
import type { BatchStatusAnswer } from './api-client.ts';

/** The number of rows that failed with one code and one retry eligibility. */
export interface FailureCount {
  readonly code: string;
  readonly retryEligible: string;
  readonly rows: number;
}

/** Counts failed records by code and retry eligibility, most frequent first. */
export function countFailures(records: readonly BatchStatusAnswer['records'][number][]): FailureCount[] {
  const counts = new Map<string, FailureCount>();
  for (const { error, retry_eligible } of records) {
    const code = error?.code ?? 'unknown';
    const retryEligible = retry_eligible ?? 'unknown';
    const key = `${code} ${retryEligible}`;
    counts.set(key, { code, retryEligible, rows: (counts.get(key)?.rows ?? 0) + 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.rows - a.rows || a.code.localeCompare(b.code));
}

export interface DemoReport {
  readonly status: BatchStatusAnswer;
  readonly failures: readonly FailureCount[];
  /** Whether the consents are the demo's own, some of which fail by their scenario. */
  readonly isSample: boolean;
  /** Real milliseconds from submission to the last row. */
  readonly elapsed: number;
  readonly timeScale: number;
  readonly meter: MeterReading;
}

const REGIONS: readonly PricedRegion[] = ['ap-south-1', 'us-east-1'];

/** The demo's final report: the rows' outcomes, the time, the AWS calls and their price. */
export function formatReport({ status, failures, isSample, elapsed, timeScale, meter }: DemoReport): string {
  const { total, completed, failed } = status.summary;
  const seconds = elapsed / 1000;
  return [
    '',
    `${status.batch_status}: ${completed} of ${total} rows completed, ${failed} failed`,
    ...(isSample ? ['FinPro is simulated, and fails eight consents in a hundred of this sample on purpose:'] : []),
    ...columns(
      failures.map(({ code, retryEligible, rows }) => [String(rows), code, `retry eligible: ${retryEligible}`]),
    ),
    '',
    `Took ${seconds.toFixed(1)} s at time scale ${timeScale}, which is ${duration(seconds / timeScale)} at scale 1`,
    '',
    'AWS calls (including those of this report)',
    ...columns(
      Object.entries(meter.calls).flatMap(([service, actions]) =>
        Object.entries(actions).map(([action, calls]) => [String(calls), service, action]),
      ),
    ),
    '',
    'Billed units and their list price',
    ...columns(Object.entries(meter.units).map(([unit, amount]) => [amount.toFixed(1), unit])),
    ...REGIONS.map((region) => priceLine(meter, region)),
    `  list prices of ${PRICES_AS_OF}, without free tier. Calls take real time, which is not scaled: on a slow machine,`,
    '  chunks wake up more often and functions run for longer than on AWS. Exact figures are in docs/performance.md.',
    '',
    'Next: `npm start` keeps the service running and prints a first call to make.',
  ].join('\n');
}

function priceLine(meter: MeterReading, region: PricedRegion): string {
  const { total, services } = listPrice(meter, region);
  const parts = Object.entries(services)
    .toSorted(([, a], [, b]) => b - a)
    .map(([service, usd]) => `${service} ${usd.toFixed(4)}`);
  return `  ${region}: $${total.toFixed(4)} (${parts.join(', ')})`;
}

/** Aligns rows in columns. The first column is a number, aligned right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    `  ${row.map((cell, index) => (index === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ')}`.trimEnd(),
  );
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds - minutes * 60)} s`;
}
