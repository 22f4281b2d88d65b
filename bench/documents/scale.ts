import { RESERVE_RATIO } from '#lambdas/upstream/rate-window.ts';
import { QUEUES } from '#lib/topology.ts';
import { readable } from '../figure.ts';
import { type BenchRecord, figureIn } from '../record.ts';
import { CHUNKS, LIMIT, ROWS, SETTINGS } from '../subject.ts';

const DAY = 86_400;
const MINUTES_A_DAY = 1440;
const HOUR = 3_600_000;
/** A day's work isn't spread evenly: its busiest hour is taken to have ten times the mean. */
const PEAK = 10;
const RATES = [1_000_000, 100_000_000] as const;

/** Default quotas of ap-south-1 (Service Quotas), and DynamoDB's limits of one partition, a second. */
const PARTITION = { writeUnits: 1000, readUnits: 3000 };
const NEW_TABLE = { writeUnits: 4000, readUnits: 12_000 };
const LAMBDAS_AT_ONCE = 1000;
const TRANSITIONS = 800;
const STARTS = 150;
const OPEN_EXECUTIONS = 1_000_000;
/** Lambda gives a whole processor for 1,769 MB; recovery has 512 MB and a minute (`lib/recovery.ts`). */
const RECOVERY_SHARE = 512 / 1769;
const RECOVERY_MS = 60_000;

/** A limit with its capacity a second, the load of one batch on it in the same unit, and what moves it. */
type Limit = readonly [name: string, capacity: number, load: number, moves: string];

type Value = (name: string) => number;
const valuesOf =
  (record: BenchRecord): Value =>
  (name) =>
    figureIn(record, name).value;

const percent = (share: number): string =>
  share > 1 ? `**${readable(share * 100)} %**` : `${readable(share * 100)} %`;

/** A number of things of which there is no part. */
const whole = (value: number): string => Math.floor(value).toLocaleString('en');

const TEXTS: ReadonlySet<string> = new Set(['limit', 'what', 'one organisation', 'what moves it', 'because']);
const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map((heading) => (TEXTS.has(heading) ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** What FinPro's limit lets one organisation through. */
export function upstreamTable(record: BenchRecord): string {
  const value = valuesOf(record);
  const callsADay = LIMIT * (1 - RESERVE_RATIO) * MINUTES_A_DAY;
  const [withBalances, without] = [
    callsADay / value('upstream calls a row, 1,000 a minute, with balances'),
    callsADay / value('upstream calls a row, 1,000 a minute'),
  ];
  const both = (of: (aDay: number) => string): string[] => [of(withBalances), of(without)];
  const hours = SETTINGS.batchDeadline / HOUR;
  return table(
    ['one organisation', 'with balances', 'without'],
    [
      ['rows a day', ...both(whole)],
      [`largest backlog that ends within ${readable(hours)} hours`, ...both((aDay) => whole((aDay * hours) / 24))],
      ['organisations that it takes for 1 million rows a day', ...both((aDay) => String(Math.ceil(1e6 / aDay)))],
      ['organisations that it takes for 100 million', ...both((aDay) => String(Math.ceil(1e8 / aDay)))],
    ],
  );
}

/** The account's limits that all organisations share, with the load of a batch on each, the one that is reached first on top. */
export function sharedTable(record: BenchRecord): string {
  const limits = limitsOf(valuesOf(record)).toSorted(([, a, loadOfA], [, b, loadOfB]) => loadOfB / b - loadOfA / a);
  const rows = limits.map(([name, capacity, load, moves]) => {
    const cells = RATES.flatMap((rate) => {
      const share = load / capacity / (DAY / (rate / ROWS));
      return [percent(share), percent(share * PEAK)];
    });
    return [
      `${name}: ${whole(capacity)}`,
      readable(load),
      ...cells,
      readable((((DAY * capacity) / load) * ROWS) / 1e6),
      moves,
    ];
  });
  const headings = ['limit', 'load of a batch', '1 M rows a day', 'at its peak', '100 M rows a day', 'at its peak'];
  return table([...headings, 'reached at, M rows a day', 'what moves it'], rows);
}

function limitsOf(value: Value): Limit[] {
  const dearest = (name: string): number => value(`${name}, no limit, with balances`);
  const consumers = QUEUES.chunk.maxConcurrency;
  const [starting, advancing] = [dearest('seconds of start-chunk'), dearest('seconds of advance-chunk')];
  const quota = 'a quota to ask for';
  const throughput = 'warm throughput of the table; 40,000 is the default quota';
  const inTopology = '`maxConcurrency` in `lib/topology.ts`; beyond it messages wait, fairly by organisation';
  const inTransitions = `${quota} (5,000 a second in us-east-1); \`CHUNK_ROWS\`; \`POLL_FIRST_SECONDS\``;
  const inIndex = 'several partition keys of the index, which recovery then queries one after the other';
  return [
    ['Step Functions transitions', TRANSITIONS, dearest('Step Functions transitions'), inTransitions],
    ['starts of executions', STARTS, CHUNKS, `${quota}; \`CHUNK_ROWS\``],
    ['consumers of the chunk queue at a time', consumers, starting, inTopology],
    ['functions at a time', LAMBDAS_AT_ONCE, starting + advancing, `${quota}; the calls at once of an advance (25)`],
    ['write units of a new table', NEW_TABLE.writeUnits, dearest('DynamoDB write units'), throughput],
    ['read units of a new table', NEW_TABLE.readUnits, dearest('read units'), throughput],
    ["write units of the index's one partition", PARTITION.writeUnits, dearest('write units of the index'), inIndex],
  ];
}

/** What else bounds how much goes on at once: recovery, and what one organisation or one batch has to itself. */
export function organisationTable(record: BenchRecord): string {
  const value = valuesOf(record);
  const page = value('read units of a status page of 100, unfiltered');
  const withBalances = value('first page with balances: read units');
  const search = value('search: read units');
  const atOnce = value('advance-chunk, most at once, 1,000 a minute, with balances');
  const wokenUp = LIMIT / SETTINGS.chunkRows;
  const recovery = value('recovery: processor time an open batch');
  const pages = (units: number): string => `${whole(PARTITION.readUnits / units)} calls a second`;
  return table(
    ['what', 'stands at', 'because'],
    [
      [
        'open batches of 10,000 rows that recovery gets through in its minute',
        whole((RECOVERY_MS * RECOVERY_SHARE) / recovery),
        `${readable(recovery)} ms of a processor each; 512 MB are ${readable(RECOVERY_SHARE)} of one`,
      ],
      ['status pages of one batch', pages(page), `${readable(page)} read units each, from one partition`],
      ['the same with balances', pages(withBalances), `${readable(withBalances)} read units`],
      ['searches in one batch', pages(search), `${readable(search)} read units: it reads every input and outcome`],
      ['batches with open executions', whole(OPEN_EXECUTIONS / CHUNKS), `1 million executions, ${CHUNKS} a batch`],
      [
        'organisations woken in the same second',
        whole(TRANSITIONS / (3 * wokenUp)),
        `${wokenUp} chunks, three transitions each`,
      ],
      [
        'the same, by functions',
        whole(LAMBDAS_AT_ONCE / atOnce),
        `${readable(atOnce)} advances of a batch at once at most`,
      ],
    ],
  );
}
