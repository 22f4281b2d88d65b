import type { MeterReading } from '#local/meter.ts';
import { listPrice, PRICES_AS_OF, type PricedRegion } from '#local/prices.ts';
import type { ConsentCalls, UpstreamStats } from '#simulator/control-client.ts';
import type { BatchStatusAnswer } from './api-client.ts';

type Records = BatchStatusAnswer['records'];

/** The number of rows that failed with one code and one retry eligibility, and what the first of them says to do. */
export interface FailureCount {
  readonly code: string;
  readonly retryEligible: string;
  readonly rows: number;
  readonly advice: string;
}

/** Counts failed records by code and retry eligibility, most frequent first. */
export function countFailures(records: Records): FailureCount[] {
  const counts = new Map<string, FailureCount>();
  for (const { error, retry_eligible } of records.filter(({ status }) => status === 'FAILED')) {
    const code = error?.code ?? 'unknown';
    const retryEligible = retry_eligible ?? 'unknown';
    // A message ends with what to do.
    const advice = error?.message.split(/(?<=\.) (?=[A-Z])/).at(-1) ?? '';
    const counted = counts.get(`${code} ${retryEligible}`) ?? { code, retryEligible, rows: 0, advice };
    counts.set(`${code} ${retryEligible}`, { ...counted, rows: counted.rows + 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.rows - a.rows || a.code.localeCompare(b.code));
}

/** Something that the product promises, and whether what FinPro has counted shows it. */
interface Promised {
  readonly kept: boolean;
  readonly text: string;
}

export interface DemoEvidence {
  readonly summary: BatchStatusAnswer['summary'];
  readonly records: Records;
  /** FinPro's own record of each consent. */
  readonly calls: readonly ConsentCalls[];
  readonly stats: UpstreamStats;
  /** How often the product was killed. */
  readonly kills: number;
}

/** What the demo shows of the promises (docs/architecture.md, "Promises"), by what FinPro has counted. */
export function promisesOf({ summary, records, calls, stats, kills }: DemoEvidence): Promised[] {
  const ended = summary.completed + summary.failed;
  const rowsOf = new Map<string, number>();
  for (const { consent_id } of records) {
    const consent = consent_id.toLowerCase();
    rowsOf.set(consent, (rowsOf.get(consent) ?? 0) + 1);
  }
  const most = calls.reduce((highest, { consentId, fiRequests }) => {
    return Math.max(highest, fiRequests / (rowsOf.get(consentId) ?? 1));
  }, 0);
  const requests = calls.reduce((sum, { fiRequests }) => sum + fiRequests, 0);
  const windows = `${stats.windowsOverLimit} windows over the limit, ${stats.rejected429} calls refused`;
  return [
    { kept: ended === summary.total, text: `Accepted means processed: ${ended} of ${summary.total} rows have ended` },
    {
      kept: most <= 1,
      text: `No consent is spent twice: ${requests} FI requests for ${summary.total} rows, at most ${most} FI request${most === 1 ? '' : 's'} a row`,
    },
    { kept: stats.windowsOverLimit === 0, text: `FinPro's rate limit is kept: ${windows}` },
    ...(kills === 0
      ? []
      : [
          {
            kept: ended === summary.total && most <= 1,
            text: `Nothing is lost: the product was killed ${times(kills)} with SIGKILL in the middle, and went on`,
          },
        ]),
  ];
}

export interface DemoReport {
  readonly status: BatchStatusAnswer;
  readonly failures: readonly FailureCount[];
  readonly promises: readonly Promised[];
  /** Whether the consents are the demo's own, some of which fail by their scenario. */
  readonly isSample: boolean;
  /** Real milliseconds from submission to the last row. */
  readonly elapsed: number;
  readonly timeScale: number;
  readonly meter: MeterReading;
  readonly kills: number;
  /** Whether each call and unit is shown, too. */
  readonly units: boolean;
}

const REGIONS: readonly PricedRegion[] = ['ap-south-1', 'us-east-1'];

/** The demo's last screen: what became of the rows and what to do about it, what was promised, time, price, and what to do next. */
export function formatReport(report: DemoReport): string {
  const { status, failures, promises, isSample, elapsed, timeScale, meter, kills } = report;
  const { batch_status, summary, error } = status;
  const seconds = elapsed / 1000;
  const prices = REGIONS.map((region) => `$${listPrice(meter, region).total.toFixed(4)} in ${region}`);
  return [
    ...(report.units ? unitLines(meter) : []),
    '',
    `${batch_status}: ${summary.completed} of ${summary.total} rows completed, ${summary.failed} failed${error ? `: ${error.code}: ${error.message}` : ''}`,
    ...(isSample && failures.length > 0 ? ['FinPro is simulated, and fails some of this sample on purpose:'] : []),
    ...(failures.length === 0 ? [] : columns([['rows', 'code', 'retry', 'what to do'], ...failures.map(failureCells)])),
    '',
    'Promises',
    ...promises.map(({ kept, text }) => `  ${kept ? '✓' : '✗ NOT KEPT:'} ${text}`),
    '',
    `Took ${seconds.toFixed(1)} s at time scale ${timeScale}, which is ${duration(seconds / timeScale)} at scale 1${kills === 0 ? '' : ', restarts included'}`,
    `AWS list price: ${prices.join(', ')} (${PRICES_AS_OF}${report.units ? '' : '; --units shows for what'})`,
    '',
    `Next: npm start                 keeps the product running, and prints calls to make`,
    ...(kills === 0 ? ['      npm run demo -- --kill    kills the product in the middle, several times'] : []),
  ].join('\n');
}

const failureCells = ({ code, retryEligible, rows, advice }: FailureCount): string[] => [
  String(rows),
  code,
  retryEligible,
  advice.length > ADVICE ? `${advice.slice(0, ADVICE - 1)}…` : advice,
];
/** What fits beside the other columns on most terminals. */
const ADVICE = 80;

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function unitLines(meter: MeterReading): string[] {
  return [
    '',
    'AWS calls',
    ...columns(
      Object.entries(meter.calls).flatMap(([service, actions]) =>
        Object.entries(actions).map(([action, calls]) => [String(calls), service, action]),
      ),
    ),
    '',
    'Billed units and their list price',
    ...columns(Object.entries(meter.units).map(([unit, amount]) => [amount.toFixed(1), unit])),
    ...REGIONS.map((region) => priceLine(meter, region)),
    '  without free tier. Calls take real time, which is not scaled: on a slow machine chunks wake up more often',
    '  and functions run for longer than on AWS. Exact figures are in docs/performance.md.',
  ];
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

export function duration(seconds: number): string {
  const rounded = Math.round(seconds);
  return rounded < 60 ? `${rounded} s` : `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}
