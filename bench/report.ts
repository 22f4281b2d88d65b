import { mkdirSync, writeFileSync } from 'node:fs';
import { consentsOf, ROWS } from './counted.ts';
import { cellsOf, HEADINGS } from './figure.ts';
import { publishedPeers, showPublished } from './peers/published.ts';
import { type Bar, drawBars } from './plots.ts';
import { type BenchRecord, readRecord } from './record.ts';
import { scaleDocument } from './scale.ts';

const DOCUMENT = 'docs/performance.md';
const SCALE = 'docs/scale.md';
const FOLDER = 'docs/performance';

/** What is drawn: figures with the peers that have the same one. */
const PLOTS = [
  { file: 'cost.svg', figure: 'AWS list price, us-east-1', unit: 'US dollars a batch of 10,000 rows' },
  {
    file: 'transitions.svg',
    figure: 'Step Functions transitions, no limit',
    unit: 'transitions a batch of 10,000 rows',
  },
  { file: 'writes.svg', figure: 'DynamoDB write units, no limit', unit: 'write units a batch of 10,000 rows' },
  { file: 'calls.svg', figure: 'upstream calls a row, 1,000 a minute', unit: 'calls a row' },
] as const;

const INTRODUCTION = `# Performance

Made by \`npm run bench\`; do not edit. \`node bench/report.ts\` makes it again from \`.local/bench.json\`.

**How it is measured.** Everything runs the product's own code, against the same simulator with the same consents. Two ways complete each other:

- *Counted on a virtual clock*: acceptance, consumer, state machine, recovery and the table's adapters, on the local cloud's DynamoDB with its meter,
  and on a clock that jumps from one event to the next. How fast the machine is changes nothing, so these figures are the same in every run.
- *On the local cloud*: the built functions, through the API, at a time scale of 0.2, where the machine's own time counts five times: transitions and write units come out within a few
  per cent of the counted ones. At a scale of 0.05 it counts twenty times, and a busy machine then shows another design than the one that is deployed: calls spread
  over a part of their window, rows come due further apart than they were meant to, and each round more is three transitions. The client looks every 2 s whether
  the batch is done; those status calls are in the bill.

**What is billed** is what the local cloud's meter counts (\`local/meter.ts\`), at the list prices of \`lib/list-prices.ts\`, without free tier. Lambda's
GB-seconds are those of this machine. Not in it: storage, egress, traces, keys, alarms, and polls of empty queues.

**The peer** *one execution a row* is built and measured too (\`bench/peers/\`): one Standard execution a row that requests, waits, polls and chooses,
one item a row, and counters that are moved in the same transaction. It runs 1,000 rows and is scaled to 10,000, since its rows have nothing to do with one
another; without a limit, where no call is answered 429 and it is at its cheapest. Its transactions are billed by the published rule (twice the units), since
the embedded table has none. With a limit of 1,000 calls a minute it retries with full jitter, as most would; that runs on the virtual clock.
`;

/** Writes the documents and their plots. */
export function writeReport(record: BenchRecord): void {
  mkdirSync(FOLDER, { recursive: true });
  const plots = PLOTS.flatMap(({ file, figure, unit }) => {
    const found = record.figures.find(({ name }) => name === figure);
    if (!found) return [];
    const own: Bar = { label: 'this design', value: found.value, own: true };
    const peers = Object.entries(found.peers).map(([label, value]) => ({ label, value, own: false }));
    const floor = found.floor === null ? [] : [{ label: 'the floor', value: found.floor, own: false }];
    writeFileSync(`${FOLDER}/${file}`, drawBars({ title: figure, unit, bars: [...floor, own, ...peers] }));
    return [`![${figure}](performance/${file})`];
  });
  const groups = [...new Set(record.figures.map(({ group }) => group))].map((group) => {
    const rows = record.figures.filter((figure) => figure.group === group).map(cellsOf);
    const lines = [[...HEADINGS], HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    return `## ${group}\n\n${lines.join('\n')}\n`;
  });
  const { at, machine, pricesAsOf } = record;
  const measured = `Measured on ${at.slice(0, 10)}, on ${machine}; prices of ${pricesAsOf}.\n`;
  const computed = publishedPeers(consentsOf(ROWS)).map(showPublished);
  const arithmetic = `## Peers by published prices\n\nFor the same consents, without a limit. \`bench/peers/published.ts\` names what is assumed.\n\n${computed.join('\n\n')}\n`;
  writeFileSync(DOCUMENT, [INTRODUCTION, measured, plots.join('\n\n'), '', ...groups, arithmetic].join('\n'));
  writeFileSync(SCALE, scaleDocument(record));
}

if (import.meta.main) writeReport(readRecord());
