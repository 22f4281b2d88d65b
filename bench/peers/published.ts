import { LIST_PRICES, PRICES_AS_OF } from '../../lib/list-prices.ts';
import { readinessSeconds } from '../../simulator/readiness.ts';

/** One line of a computation: so many of something at a price. */
interface Line {
  readonly what: string;
  readonly count: number;
  readonly usd: number;
}

/** A design that was not built: its cost by published prices, line by line. */
export interface PublishedPeer {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly total: number;
}

/** The ages at which a row is polled, in seconds (seeds, "Polling Strategy"). */
const POLL_AGES = [5, 15, 35, 75, 155, 300] as const;
/** A function of 256 MB for one call: what a request and a poll take, in seconds (the cost study's assumptions). */
const CALL_SECONDS = { request: 0.25, poll: 0.15 } as const;
const GIGABYTES = 0.25;
/** Bytes that an invocation logs at least: START, END and REPORT. */
const LOG_BYTES = 300;
const SQS_BATCH = 10;

/** How often a row is polled, and how old it is at its last poll, on the average over these consents. */
function scheduleOf(consents: readonly string[]): { polls: number; age: number } {
  const rows = consents.map((consent) => {
    const index = POLL_AGES.findIndex((age) => readinessSeconds(consent) <= age);
    return { polls: index + 1, age: POLL_AGES[index] ?? 300 };
  });
  const mean = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  return { polls: mean(({ polls }) => polls), age: mean(({ age }) => age) };
}

const peer = (name: string, lines: readonly Line[]): PublishedPeer => ({
  name,
  lines,
  total: lines.reduce((sum, { count, usd }) => sum + count * usd, 0),
});

/** What two more designs would cost for these consents in us-east-1, without a limit of the upstream. */
export function publishedPeers(consents: readonly string[]): PublishedPeer[] {
  const price = LIST_PRICES['us-east-1'];
  const rows = consents.length;
  const { polls, age } = scheduleOf(consents);
  const callSeconds = rows * (CALL_SECONDS.request + polls * CALL_SECONDS.poll) * GIGABYTES;
  const invocations = rows * (1 + polls);
  /** Several calls of one invocation go out at once and take the time of one. */
  const common = (requests: number): Line[] => [
    { what: 'Lambda requests', count: requests, usd: price['lambda.request'].usd },
    { what: 'Lambda GB-seconds', count: (callSeconds * requests) / invocations, usd: price['lambda.gbSecond'].usd },
    { what: 'log bytes', count: requests * LOG_BYTES, usd: price['logs.byte'].usd },
  ];
  return [
    peer('Distributed Map, an Express child a row', [
      { what: 'Express requests', count: rows, usd: price['states.expressRequest'].usd },
      // A child is billed while it waits. One of 300 s does not fit into Express's five minutes: here it is let through.
      { what: 'Express GB-seconds (64 MB)', count: (rows * age * 64) / 1024, usd: price['states.expressGbSecond'].usd },
      {
        what: 'write units: a row 1 + 2 × 1, its counters 2 × 1',
        count: 5 * rows,
        usd: price['dynamodb.writeUnit'].usd,
      },
      ...common(invocations),
    ]),
    peer('SQS, a delayed message a row', [
      // Ten a batch: sent or sent again with a delay, received, deleted, at each call.
      { what: 'SQS requests', count: (3 * invocations) / SQS_BATCH, usd: price['sqs.request'].usd },
      {
        what: 'write units: a row 1 + 2 × 1, counters once a batch of ten',
        count: rows * 3 + (2 * rows) / SQS_BATCH,
        usd: price['dynamodb.writeUnit'].usd,
      },
      ...common(invocations / SQS_BATCH),
    ]),
  ];
}

/** The arithmetic, for people to check. */
export function showPublished({ name, lines, total }: PublishedPeer): string {
  const shown = lines.map(
    ({ what, count, usd }) =>
      `| ${what} | ${Math.round(count).toLocaleString('en')} | ${usd.toPrecision(4)} | ${(count * usd).toFixed(4)} |`,
  );
  return [
    `**${name}**: $${total.toFixed(3)} (us-east-1, prices of ${PRICES_AS_OF})`,
    '',
    '| what | how many | $ each | $ |',
    '|---|---:|---:|---:|',
    ...shown,
  ].join('\n');
}
