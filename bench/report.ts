import { mkdirSync, writeFileSync } from 'node:fs';
import { cellsOf, HEADINGS } from './figure.ts';
import { type Bar, drawBars } from './plots.ts';
import { type BenchRecord, readRecord } from './record.ts';
import { scaleDocument } from './scale.ts';

const DOCUMENT = 'docs/performance.md';
const SCALE = 'docs/scale.md';
const FOLDER = 'docs/performance';

/** What is drawn: figures with the peers that have the same one. */
const PLOTS = [
  { file: 'cost.svg', figure: 'AWS list price, us-east-1, no limit', unit: 'US dollars a batch of 10,000 rows' },
  {
    file: 'transitions.svg',
    figure: 'Step Functions transitions, 1,000 calls a minute',
    unit: 'transitions a batch of 10,000 rows',
  },
  { file: 'writes.svg', figure: 'DynamoDB write units, no limit', unit: 'write units a batch of 10,000 rows' },
  { file: 'calls.svg', figure: 'upstream calls a row, 1,000 a minute', unit: 'calls a row' },
] as const;

const INTRODUCTION = `# Performance

Made by \`npm run bench\`; do not edit. \`node bench/report.ts\` makes it again from \`.local/bench.json\`.

**How it is measured.** Every design is given the same 10,000 consents and the same simulator. Two ways complete each other:

- *Counted on a virtual clock*: this design's own acceptance, consumer, state machine, recovery and table adapters, on the local cloud's DynamoDB with its meter; and the peer's states.
  The clock jumps from one event to the next. How fast the machine is changes nothing, so these figures are the same in every run, and **all prices are made of them**. A call
  takes 250 ms for an FI request, 150 ms otherwise (the cost study's assumptions).
- *Measured on the local cloud*: the built functions, through the API, at a time scale of 0.15 (the peer: 1,000 rows at 0.4), with FinPro's answers as slow as that; a
  machine's own time is not scaled, so what is measured differs a little from what is counted. Nobody asks for the status meanwhile: what a status call takes stands in its own table.

**What is billed** is what the meter counts, at the list prices of \`lib/list-prices.ts\`, without free tier. Lambda's seconds are those of waiting for FinPro and the
table; the processor's time is within them but for some 9 % (\`docs/decisions/0009-what-chunk-workers-are-given.md\`). Log bytes an invocation are measured. Every container is taken to be started for the batch.
The arithmetic stands at the end.

**What is not in a batch's price**, because it is paid by the month or by the organisation: Secrets Manager, $0.40 a month for each organisation's FinPro credentials; custom metrics and
alarms, some $20 a month for a stage; the polls of two empty queues, $0.1 to $0.3 a month each; storage. Traces are sampled (one a second and 5 %, at $5 a million):
some 100 a batch, $0.0005. Egress to FinPro is some $0.005 a batch for every design. Were the start of an execution billed as a transition, as AWS's page once
read, it would be 40 more for this design and 10,000 more for one execution a row.

**The peers.** *One execution a row* is built (\`bench/peers/\`): a Standard execution a row that requests, waits, polls and chooses, one item a row, and counters that are moved in
the same transaction, billed by the published rule (twice the units), since the embedded table has none. In its favour are left out: the queue that 10,000 starts need (150 a second
in ap-south-1), repeated transactions where they meet at the counters (20,000 of them at one item), reading credentials, and cold starts. With a limit it is given a
limiter that spaces all calls evenly, a write a call; *retrying 429s* is the same without one: full jitter below 5, 10, 20, 40, 60 s. The limiter serves in the order of asking, so here too
FI requests go first, and it comes to as few calls as this design; the 3.6 calls and the makespan of 2.0 in the design's table are of a limiter that lets early polls in between.
*Distributed Map* and *SQS* are computed by published prices, from the calls that one execution a row makes. Express ends children after five minutes: rows that are not stored
by then would fail there (how many stands in its bill); they are billed until then.
`;

/** Writes the documents and their plots. */
export function writeReport(record: BenchRecord): void {
  mkdirSync(FOLDER, { recursive: true });
  const plots = PLOTS.flatMap(({ file, figure, unit }) => {
    const found = record.figures.find(({ name }) => name === figure);
    if (!found) return [];
    const own: Bar = { label: 'this design', value: found.value, own: true };
    const peers = Object.entries(found.peers)
      .filter(([, value]) => value > 0)
      .map(([label, value]) => ({ label, value, own: false }));
    const floor = found.floor === null ? [] : [{ label: 'the floor', value: found.floor, own: false }];
    writeFileSync(`${FOLDER}/${file}`, drawBars({ title: figure, unit, bars: [...floor, own, ...peers] }));
    return [`![${figure}](performance/${file})`];
  });
  const groups = [...new Set(record.figures.map(({ group }) => group))].map((group) => {
    const rows = record.figures.filter((figure) => figure.group === group).map(cellsOf);
    const lines = [[...HEADINGS], HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    return `## ${group}\n\n${lines.join('\n')}\n`;
  });
  const { at, machine, pricesAsOf, bills } = record;
  const measured = `Measured on ${at.slice(0, 10)}, on ${machine}; prices as of ${pricesAsOf}.\n`;
  const arithmetic = `## The arithmetic\n\n${bills.join('\n\n')}\n`;
  writeFileSync(DOCUMENT, [INTRODUCTION, measured, plots.join('\n\n'), '', ...groups, arithmetic].join('\n'));
  writeFileSync(SCALE, scaleDocument(record));
}

if (import.meta.main) writeReport(readRecord());
