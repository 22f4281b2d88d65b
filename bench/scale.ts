import { RESERVE_RATIO } from '#lambdas/upstream/rate-window.ts';
import { CONSUMERS } from './counted/virtual-batch.ts';
import { readable } from './figure.ts';
import type { BenchRecord } from './record.ts';
import { CHUNKS, LIMIT, ROWS, SETTINGS } from './subject.ts';

const DAY = 86_400;
/** A day's work is not spread evenly: its busiest hour is taken to have so many times the mean. */
const PEAK = 10;
const RATES = [1_000_000, 100_000_000] as const;
const MINUTES_A_DAY = 1440;
const HOUR = 3_600_000;
/** DynamoDB's limits of one partition, a second (cost study, section 1). */
const PARTITION = { writeUnits: 1000, readUnits: 3000 };
const LAMBDAS_AT_ONCE = 1000;
const TRANSITIONS_A_SECOND = 800;
const STARTS_A_SECOND = 150;
const OPEN_EXECUTIONS = 1_000_000;
/** Lambda gives a whole processor for 1,769 MB; recovery has 512 MB and a minute (`lib/recovery.ts`). */
const RECOVERY_SHARE = 512 / 1769;
const RECOVERY_MS = 60_000;

/** A limit, the load of one batch on it, and what moves it. `limit` and `load` are in the same unit; `limit` is a second's. */
interface Limit {
  readonly name: string;
  readonly load: number;
  readonly limit: number;
  readonly moves: string;
}

type Value = (name: string) => number;

/** The account's limits that all organisations share, in ap-south-1, by their default quotas (cost study, section 1). */
function limitsOf(value: Value): Limit[] {
  const consumerSeconds = value('seconds of start-chunk, no limit, with balances');
  return [
    {
      name: `Step Functions transitions, ${TRANSITIONS_A_SECOND} a second`,
      load: value('Step Functions transitions, no limit, with balances'),
      limit: TRANSITIONS_A_SECOND,
      moves: 'a quota to ask for (5,000 a second in us-east-1); `CHUNK_ROWS`; `POLL_FIRST_SECONDS`',
    },
    {
      name: `StartExecution, ${STARTS_A_SECOND} a second`,
      load: CHUNKS,
      limit: STARTS_A_SECOND,
      moves: 'a quota to ask for; `CHUNK_ROWS`',
    },
    {
      name: `consumers of the chunk queue, ${CONSUMERS} at a time`,
      load: consumerSeconds,
      limit: CONSUMERS,
      moves: '`maximumConcurrency` in `lib/pipeline.ts`; beyond it messages wait in the queue, fairly by organisation',
    },
    {
      name: 'Lambda, 1,000 at a time',
      load: consumerSeconds + value('seconds of advance-chunk, no limit, with balances'),
      limit: LAMBDAS_AT_ONCE,
      moves: 'a quota to ask for; the calls at once of an advance (25, `chunk-calls.ts`)',
    },
    {
      name: 'table, 4,000 write units a second while it is new',
      load: value('write units, no limit, with balances'),
      limit: 4000,
      moves: 'warm throughput of the table; 40,000 is the default quota',
    },
    {
      name: 'table, 12,000 read units a second while it is new',
      load: value('read units, no limit, with balances'),
      limit: 12_000,
      moves: 'warm throughput of the table; 40,000 is the default quota',
    },
    {
      name: 'partition of open batches, 1,000 write units a second',
      load: value('write units of the index, no limit, with balances'),
      limit: PARTITION.writeUnits,
      moves: 'nothing but several partition keys of the index, which recovery then queries one after the other',
    },
  ];
}

const percent = (share: number): string =>
  share > 1 ? `**${readable(share * 100)} %**` : `${readable(share * 100)} %`;

/** A number of things of which there is no part. */
const whole = (value: number): string => Math.floor(value).toLocaleString('en');

/** `docs/scale.md`: where the first limits stand, from the units of the last run. */
export function scaleDocument(record: BenchRecord): string {
  const value: Value = (name) => {
    const figure = record.figures.find((each) => each.name === name);
    if (!figure) throw new Error(`the last run has no figure ${name}`);
    return figure.value;
  };
  return [introduction(value), shared(value), alone(value), atWindows(value)].join('\n');
}

function introduction(value: Value): string {
  const without = value('upstream calls a row, 1,000 a minute');
  const withBalances = value('upstream calls a row, 1,000 a minute, with balances');
  const callsADay = LIMIT * (1 - RESERVE_RATIO) * MINUTES_A_DAY;
  const aDay = callsADay / withBalances;
  const hours = SETTINGS.batchDeadline / HOUR;
  return `# Scale, on paper

Made by \`npm run bench\` from what it counts; do not edit. Nothing here was measured on AWS. Quotas are the defaults of ap-south-1.

## The upstream first

An organisation may call FinPro ${LIMIT.toLocaleString('en')} times a minute, of which chunks leave ${readable(RESERVE_RATIO * 100)} % to others. A row takes ${readable(withBalances)} calls with balances, as is the default, and ${readable(without)} without, so one
organisation gets through at most **${whole(aDay)} rows a day** (${whole(callsADay / without)} without balances), however many workers there are. 1 million rows a day need at
least ${Math.ceil(1e6 / aDay)} organisations, 100 million ${Math.ceil(1e8 / aDay)}, or higher quotas: \`UPSTREAM_LIMIT\`, which follows what FinPro's headers say.

Rows beyond it wait for their window, but not for ever: a batch has ${readable(hours)} hours (\`BATCH_DEADLINE_SECONDS\`), after which its open rows end FAILED, \`ProcessingFailed\`, \`Yes\`. **An
organisation with a backlog of more than ${whole((aDay * hours) / 24)} rows loses the rest to the deadline.** No other limit is reached before this one by a single
organisation.
`;
}

function shared(value: Value): string {
  const limits = limitsOf(value).toSorted((a, b) => b.load / b.limit - a.load / a.limit);
  const rows = limits.map(({ name, load, limit, moves }) => {
    const shares = RATES.map((rate) => load / limit / (DAY / (rate / ROWS)));
    const most = ((DAY * limit) / load) * ROWS;
    const cells = shares.flatMap((share) => [percent(share), percent(share * PEAK)]);
    return `| ${name} | ${readable(load)} | ${cells.join(' | ')} | ${readable(most / 1e6)} | ${moves} |`;
  });
  const recovery = value('recovery: processor time an open batch');
  return `## What all organisations share

Load is that of one batch of 10,000 rows with balances and without a limit of the upstream, which is its most expensive case, if FinPro takes 250 ms for an FI request and 150 ms for
another call. Shares of each limit are given for the mean of a day and, after it, for a busiest hour with ${PEAK} times the mean; above 100 % (bold) the work takes longer, and is
not lost before the deadline.

| limit | load of a batch | 1 M rows a day | at its peak | 100 M rows a day | at its peak | reached at, M rows a day | what moves it |
|---|---:|---:|---:|---:|---:|---:|---|
${rows.join('\n')}

Recovery reads every open batch each minute, in one function. A batch of 10,000 rows took ${readable(recovery)} ms of a processor of the machine that measured it, without connections and TLS;
its 512 MB give it ${readable(RECOVERY_SHARE)} of one. So a minute is enough for **at most ${whole((RECOVERY_MS * RECOVERY_SHARE) / recovery)} open batches**. Beyond it the function times out, which raises its alarm, and the newest batches are
not healed until older ones have ended; what goes on by itself is not touched by it. More memory for it moves that.
`;
}

function alone(value: Value): string {
  const advances = value('advances a chunk, no limit, with balances');
  const rowsASecond = (PARTITION.writeUnits / (2 * advances)) * SETTINGS.chunkRows;
  const page = value('read units of a status page of 100, unfiltered');
  const search = value('search: read units');
  const withBalances = value('first page with balances: read units');
  return `## What one organisation, or one batch, has to itself

| limit | stands at | what moves it |
|---|---|---|
| the organisation's ledger, one item: ${whole(PARTITION.writeUnits)} write units a second | two writes an advance, ${readable(advances)} advances a chunk: some ${whole(rowsASecond)} rows a second, ${whole((rowsASecond * 60 * 3) / LIMIT)} times the upstream's limit | \`CHUNK_ROWS\` |
| the batch's partition of states: ${whole(PARTITION.writeUnits)} write units a second | ${CHUNKS} states of up to 2 KB: all of them ${whole(PARTITION.writeUnits / (CHUNKS * 2))} times a second; an advance writes its own twice | nothing needs to |
| the batch's partition for reading: ${whole(PARTITION.readUnits)} read units a second | a status page takes up to ${readable(page)} units: ${whole(PARTITION.readUnits / page)} calls a second for one reference_id; ${whole(PARTITION.readUnits / withBalances)} with balances | nothing needs to; clients poll seldom |
| the same, for a search, which reads every input and outcome | ${readable(search)} units: ${whole(PARTITION.readUnits / search)} calls a second | another filter beside it does not help; pages of known rows do |
| executions open at once: 1 million | ${whole(OPEN_EXECUTIONS / CHUNKS)} batches in flight | a quota to ask for |
| names of executions, kept for 90 days | one a chunk and generation: no limit | |
`;
}

function atWindows(value: Value): string {
  const atOnce = value('advance-chunk, most at once, 1,000 a minute, with balances');
  const chunks = LIMIT / SETTINGS.chunkRows;
  return `## As a window begins

Until FinPro's headers say something else, windows begin with the minute, for every organisation. Each one that is held up by its limit then wakes some ${chunks} chunks, three transitions
each; at most ${readable(atOnce)} advances of a batch were counted at once. So **${whole(TRANSITIONS_A_SECOND / (3 * chunks))} organisations** at their limit use up a second's transitions, and **${whole(LAMBDAS_AT_ONCE / atOnce)}** of them
a thousand functions at once. Beyond that Step Functions and Lambda throttle, chunks come some seconds later into a window of 60 s, and nothing fails. The same quotas move it.
`;
}
