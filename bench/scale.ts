import { readable } from './figure.ts';
import type { BenchRecord } from './record.ts';

const DAY = 86_400;
const BATCH_ROWS = 10_000;
/** A day's work is not spread evenly: its busiest hour is taken to have so many times the mean. */
const PEAK = 10;
const RATES = [1_000_000, 100_000_000] as const;

/** A limit, the load of one batch on it, and what moves it. `limit` and `load` are in the same unit; `limit` is a second's. */
interface Limit {
  readonly name: string;
  readonly load: number;
  readonly limit: number;
  readonly moves: string;
}

/** Milliseconds that a worker needs for its calls, 25 at a time: 250 ms for an FI request, 150 ms for a poll. */
const WORKER_SECONDS = ({ polls }: { readonly polls: number }): number =>
  (BATCH_ROWS * 0.25 + BATCH_ROWS * polls * 0.15) / 25;

/** How long a consumer has a chunk that no limit holds up: 250 FI requests, 25 at a time. */
const CONSUMER_SECONDS = 2.6;
const CHUNKS = BATCH_ROWS / 250;

/** The account's limits that all organisations share, in ap-south-1, by their default quotas (cost study, section 1). */
function limitsOf(record: BenchRecord): Limit[] {
  const value = (name: string): number => {
    const figure = record.figures.find((each) => each.name === name);
    if (!figure) throw new Error(`the last run has no figure ${name}`);
    return figure.value;
  };
  const polls = value('upstream calls a row, no limit') - 1;
  return [
    {
      name: 'Step Functions transitions, 800 a second',
      load: value('Step Functions transitions, no limit'),
      limit: 800,
      moves: 'a quota to ask for (5,000 a second in us-east-1); `CHUNK_ROWS`; `POLL_FIRST_SECONDS`',
    },
    {
      name: 'StartExecution, 150 a second',
      load: CHUNKS,
      limit: 150,
      moves: 'a quota to ask for; `CHUNK_ROWS`',
    },
    {
      name: 'consumers of the chunk queue, 20 at a time',
      load: CHUNKS * CONSUMER_SECONDS,
      limit: 20,
      moves: '`maximumConcurrency` in `lib/pipeline.ts`; beyond it messages wait in the queue, fairly by organisation',
    },
    {
      name: 'Lambda, 1,000 at a time',
      load: WORKER_SECONDS({ polls }),
      limit: 1000,
      moves: 'a quota to ask for; the calls at once of an advance (25, `chunk-calls.ts`)',
    },
    {
      name: 'table, 4,000 write units a second while it is new',
      load: value('DynamoDB write units, no limit'),
      limit: 4000,
      moves: 'warm throughput of the table; 40,000 is the default quota',
    },
    {
      name: 'table, 12,000 read units a second while it is new',
      load: value('DynamoDB read units, no limit'),
      limit: 12_000,
      moves: 'warm throughput of the table; 40,000 is the default quota',
    },
    {
      name: 'partition of open batches, 1,000 write units a second',
      load: 2,
      limit: 1000,
      moves: 'nothing but several partition keys of the index, which recovery then queries one after the other',
    },
  ];
}

const percent = (share: number): string =>
  share > 1 ? `**${readable(share * 100)} %**` : `${readable(share * 100)} %`;

/** `docs/scale.md`: where the first limits stand, from the units of the last run. */
export function scaleDocument(record: BenchRecord): string {
  const limits = limitsOf(record).toSorted((a, b) => b.load / b.limit - a.load / a.limit);
  const rows = limits.map(({ name, load, limit, moves }) => {
    const shares = RATES.map((rate) => load / limit / (DAY / (rate / BATCH_ROWS)));
    const most = ((DAY * limit) / load) * BATCH_ROWS;
    const cells = shares.flatMap((share) => [percent(share), percent(share * PEAK)]);
    return `| ${name} | ${readable(load)} | ${cells.join(' | ')} | ${readable(most / 1e6)} | ${moves} |`;
  });
  const calls = 2;
  const aDay = (1000 * 1440) / calls;
  return `# Scale, on paper

Made by \`npm run bench\` from the units that it counts; do not edit. Nothing here was measured on AWS. Quotas are the defaults of ap-south-1.

## The upstream first

An organisation may call FinPro 1,000 times a minute. A row takes ${calls} calls (${calls + 1} with balances), so one organisation gets through at most
**${readable(aDay)} rows a day** (${readable((1000 * 1440) / (calls + 1))} with balances), however many workers there are. 1 million rows a day need at
least ${Math.ceil(1e6 / aDay)} organisations, 100 million ${Math.ceil(1e8 / aDay)}, or higher quotas: \`UPSTREAM_LIMIT\`, which follows what FinPro's headers say.
Rows beyond it are not lost and do not fail: they wait for their window. No other limit is reached before this one by a single organisation.

## What all organisations share

Load is that of one batch of 10,000 rows without a limit of the upstream, which is its most expensive case. Shares of each limit are given for the mean of a day and,
after it, for a busiest hour with ${PEAK} times the mean; above 100 % (bold) the work takes longer, and is not lost.

| limit | load of a batch | 1 M rows a day | at its peak | 100 M rows a day | at its peak | reached at, M rows a day | what moves it |
|---|---:|---:|---:|---:|---:|---:|---|
${rows.join('\n')}

## What one organisation, or one batch, has to itself

| limit | stands at | what moves it |
|---|---|---|
| the organisation's ledger, one item: 1,000 write units a second | two writes an advance, 7 advances a chunk: some ${readable((1000 / (2 * 7)) * 250)} rows a second, ${readable(((1000 / 14) * 250 * 60 * 2) / 1000)} times the upstream's limit | \`CHUNK_ROWS\` |
| the batch's partition of states: 1,000 write units a second | 40 states of up to 2 KB: all of them 12 times a second; an advance writes its own twice | nothing needs to |
| the batch's partition for reading: 3,000 read units a second | a status page takes 6 to 9 units: some 330 calls a second for one reference_id | nothing needs to; clients poll seldom |
| executions open at once: 1 million | 25,000 batches in flight | a quota to ask for |
| names of executions, kept for 90 days | one a chunk and generation: no limit | |
`;
}
