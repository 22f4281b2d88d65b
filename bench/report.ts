import { mkdirSync, writeFileSync } from 'node:fs';
import { LIST_PRICES } from '#lib/list-prices.ts';
import { cellsOf, HEADINGS } from './figure.ts';
import { type Bar, drawBars } from './plots.ts';
import { type BenchRecord, readRecord } from './record.ts';
import { scaleDocument } from './scale.ts';
import { MEASURED_SCALE, PEER_SCALE } from './subject.ts';

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

Made by \`npm run bench\`; do not edit. \`node bench/report.ts\` makes it again from the \`.local/bench.json\` of a whole run.

**How it is measured.** Every design is given the same 10,000 consents and the same simulator. No consent of them fails; each is ready after a time of its own, lognormal with a median of
15 s, 240 s at most. Two ways complete each other:

- *Counted on a virtual clock*: this design's own acceptance, consumer, state machine, recovery and table adapters, on the local cloud's DynamoDB with its meter; and the peer's states.
  The clock jumps from one event to the next. How fast the machine is changes nothing, so these figures are the same in every run, and **all prices are made of them**. A call
  takes 250 ms for an FI request and 150 ms otherwise (the cost study's assumptions; what four times as much would change is counted, too). A batch is accepted as a window begins where there is a limit,
  and within one where there is none.
- *Measured on the local cloud*: the built functions, through the API, with as many containers as they need, at a time scale of ${MEASURED_SCALE} (the peer: 1,000 rows at ${PEER_SCALE}), where FinPro takes 150 to 250
  scaled ms for any call. It confirms what is counted, and has to be within 10 % of it (write units: 20 %). Workers that meet at the budget write once more, so it takes more write
  units than are counted, for some $0.0001. The organisation has used up the rate window in which the batch is accepted, so that all chunks have their windows before the first call is
  made (decision 8: otherwise the machine decides how windows are shared). Nobody asks for the status meanwhile: what a status call takes stands in its own table.

**What is billed** is what the meter counts, at the list prices of \`lib/list-prices.ts\`, without free tier. Lambda's seconds are those of waiting for FinPro and the
table, and of the processor as \`docs/decisions/0009-what-chunk-workers-are-given.md\` found it. Log bytes an invocation are measured. Every container is taken to be started for the batch.
The arithmetic stands at the end. ${priceSources()}

**What is not in a batch's price**: what is paid by the month or by the organisation (\`docs/deploy.md\`, "What it costs"); the polls of two empty queues, $0.1 to $0.3 a month each; storage; traces,
which are sampled (one a second and 5 %, at $5 a million): some 100 a batch, $0.0005; and egress to FinPro, some $0.005 a batch for every design. Were the start of an execution billed as a
transition, as AWS's page once read, it would be 40 more for this design and 10,000 more for one execution a row.

**The peers.** *One execution a row* is built (\`bench/peers/\`): a Standard execution a row that requests, waits, polls and chooses, one item a row, and counters that are moved in
the same transaction, billed by the published rule (twice the units), since the embedded table has none. In its favour are left out: the queue that 10,000 starts need (150 a second
in ap-south-1), the function that accepts them, repeated transactions where they meet at the counters (20,000 of them at one item), reading credentials, cold starts, and the processor's time. With a
limit it is given a limiter that spaces all calls evenly, a write a call; *retrying 429s* is the same without one: full jitter below 5, 10, 20, 40, 60 s. The limiter serves in the
order of asking, so there too FI requests go first, and it comes to as few calls as this design; the 3.6 calls and the makespan of 2.0 in the design's table are of a limiter that
lets early polls in between. *Distributed Map* and *SQS* are computed by published prices, from the calls that one execution a row makes. Express ends children after
five minutes: rows that are not stored by then would fail there (how many stands in its bill); they are billed until then. What *one item a row* reads for a filter is
scaled from 1,000 rows; its rows hold less than this design's records (no dates, no errors, no accounts), and where nothing is filtered they are read in fewer units.

No peer works by the chunk, as this design does. The cost study has two, a delayed SQS message a chunk ($0.006) and a durable function a chunk ($0.008), which would cost less: most of what
this design costs are Step Functions' transitions. They buy a history of each chunk that people can read, waits of any length, and executions that no visibility timeout ends.
`;

/** Of when the prices are, and which of them nobody has verified. */
function priceSources(): string {
  const prices = Object.entries(LIST_PRICES).flatMap(([region, units]) =>
    Object.entries(units).map(([unit, { source, seen }]) => ({ name: `\`${unit}\` in ${region}`, source, seen })),
  );
  const seen = prices.map((price) => price.seen).toSorted();
  const assumed = prices.filter(({ source }) => source === 'as in us-east-1').map(({ name }) => name);
  return `Their sources are of ${seen.at(0)} to ${seen.at(-1)}; not verified are ${assumed.join(', ')}, which are taken to cost what they do in us-east-1.`;
}

/** A plot of a figure beside its peers and its floor. Throws where the record has no such figure. */
function plotOf(record: BenchRecord, { figure, unit }: (typeof PLOTS)[number]): string {
  const found = record.figures.find(({ name }) => name === figure);
  if (!found) throw new Error(`the last run has no figure ${figure}`);
  const own: Bar = { label: 'this design', value: found.value, own: true };
  const peers = Object.entries(found.peers)
    // None has no place on a logarithmic scale.
    .filter(([, value]) => value > 0)
    .map(([label, value]) => ({ label, value, own: false }));
  const floor = found.floor === null ? [] : [{ label: 'the floor', value: found.floor, own: false }];
  return drawBars({ title: figure, unit, bars: [...floor, own, ...peers] });
}

function performanceDocument({ figures, at, machine, pricesAsOf, bills }: BenchRecord): string {
  const groups = [...new Set(figures.map(({ group }) => group))].map((group) => {
    const rows = figures.filter((figure) => figure.group === group).map(cellsOf);
    const lines = [[...HEADINGS], HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    return `## ${group}\n\n${lines.join('\n')}\n`;
  });
  const measured = `Measured on ${at.slice(0, 10)}, on ${machine}; prices looked up in ${pricesAsOf}.\n`;
  const plots = PLOTS.map(({ file, figure }) => `![${figure}](performance/${file})`).join('\n\n');
  const arithmetic = `## The arithmetic\n\n${bills.join('\n\n')}\n`;
  return [INTRODUCTION, measured, plots, '', ...groups, arithmetic].join('\n');
}

/** Writes the documents and their plots; nothing at all where the record is not of a whole run. */
export function writeReport(record: BenchRecord): void {
  if (record.quick) throw new Error('a short run has not all that the documents show: npm run bench');
  const files = [
    { path: DOCUMENT, text: performanceDocument(record) },
    { path: SCALE, text: scaleDocument(record) },
    ...PLOTS.map((plot) => ({ path: `${FOLDER}/${plot.file}`, text: plotOf(record, plot) })),
  ];
  mkdirSync(FOLDER, { recursive: true });
  for (const { path, text } of files) writeFileSync(path, text);
}

if (import.meta.main) writeReport(readRecord());
