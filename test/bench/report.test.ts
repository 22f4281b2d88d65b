import { expect, test } from 'vitest';
import { type Bill, countOf, priceOf, servicesOf, showBill } from '../../bench/bill.ts';
import { differencesOf } from '../../bench/compare.ts';
import { cellsOf, type Figure, figureOf, formatFigures, isReached } from '../../bench/figure.ts';
import { publishedPeers } from '../../bench/peers/published.ts';
import { runVirtualExecutions } from '../../bench/peers/virtual-executions.ts';
import { drawBars } from '../../bench/plots.ts';
import type { BenchRecord } from '../../bench/record.ts';
import { scaleDocument } from '../../bench/scale.ts';
import { demoConsents } from '../../cli/demo-consents.ts';

const figure: Figure = {
  name: 'transitions',
  value: 1234.5,
  unit: '',
  target: 800,
  peers: { other: 100_000 },
  floor: 20,
};

test('a figure is reached at its target, and always where there is none', () => {
  expect(isReached(figure)).toBe(false);
  expect(isReached({ ...figure, value: 800 })).toBe(true);
  expect(isReached({ ...figure, target: null })).toBe(true);
});

test('a figure is shown with its target, its peers and how far above the floor it is', () => {
  expect(cellsOf(figure)).toEqual(['transitions', '1,235', '≤ 800', 'MISSED', '61.7 × 20', 'other: 100,000']);
  expect(cellsOf(figureOf('group', 'time', 0.012345, 's'))).toEqual(['time', '0.0123 s', '', '', '', '']);
  expect(formatFigures([figure]).split('\n')).toHaveLength(2);
});

const bill: Bill = {
  design: 'a design',
  lines: [
    { unit: 'states.transition', count: 1000, what: 'rounds' },
    { unit: 'states.expressRequest', count: 1e6, what: 'children' },
    { unit: 'sqs.request', count: 1e6, what: 'messages' },
  ],
};

test('a bill adds up, by unit, by service, and line by line', () => {
  expect(priceOf(bill, 'us-east-1')).toBeCloseTo(0.025 + 1 + 0.4, 10);
  expect(priceOf(bill, 'ap-south-1')).toBeCloseTo(0.0285 + 1 + 0.4, 10);
  expect(countOf(bill, 'states.transition', 'sqs.request')).toBe(1_001_000);
  expect(servicesOf(bill, 'us-east-1').get('states')).toBeCloseTo(1.025, 10);
  expect(showBill(bill, 'us-east-1')).toContain('| states.transition | rounds | 1,000 | 0.00002500 | 0.02500 |');
});

test('peers that were not built are billed for the calls that one execution a row makes', async () => {
  const consents = demoConsents(500).map(({ consentId }) => consentId);
  const executions = await runVirtualExecutions(consents, { limit: null, pace: 'retries', balances: false });
  const [map, sqs] = publishedPeers(500, executions);
  if (!map || !sqs) throw new Error('a peer is missing');
  expect(countOf(map, 'states.transition')).toBe(504);
  expect(countOf(map, 'lambda.request')).toBe(executions.invocations);
  // No child is billed beyond five minutes.
  expect(countOf(map, 'states.expressGbSecond')).toBeLessThan((500 * 300 * 64) / 1024);
  expect(countOf(sqs, 'sqs.request')).toBeCloseTo(0.3 * (500 + executions.polls), 5);
});

test('bars are as long as the logarithms of their values, with labels that cannot break the picture', () => {
  const svg = drawBars({
    title: 'A & B',
    unit: 'dollars',
    bars: [
      { label: '<own>', value: 0.01, own: true },
      { label: 'peer', value: 1, own: false },
    ],
  });
  const widths = [...svg.matchAll(/<rect x="300"[^>]* width="([\d.]+)"/g)].map((match) => Number(match[1]));
  // From 0.001 to 1 there are three powers of ten, of which 0.01 has one.
  expect((widths[1] ?? 0) / (widths[0] ?? 0)).toBeCloseTo(3, 1);
  expect(svg).toContain('&lt;own&gt;');
  expect(svg).toContain('A &amp; B');
});

const recordOf = (values: Readonly<Record<string, number>>, unit = ''): BenchRecord => ({
  at: '',
  machine: '',
  pricesAsOf: '',
  quick: false,
  bills: [],
  figures: Object.entries(values).map(([name, value]) => ({
    ...figureOf('group', name, value, unit),
    group: 'group',
    peers: {},
    reached: true,
    exact: true,
  })),
});

test('limits are shown with the load of a batch, the one that is reached first on top', () => {
  const document = scaleDocument(
    recordOf({
      'Step Functions transitions, no limit': 80_000,
      'DynamoDB write units, no limit': 2_000,
      'DynamoDB read units, no limit': 1_500,
      'DynamoDB write units of the index, no limit': 2,
      'seconds of start-chunk, no limit': 100,
      'seconds of advance-chunk, no limit': 200,
      'advances a chunk, no limit': 5,
      'advances at once, 1,000 a minute': 10,
      'upstream calls a row, 1,000 a minute': 2,
      'upstream calls a row, 1,000 a minute, with balances': 3,
      'read units of a status page of 100, unfiltered': 10,
      'first page with balances: read units': 15,
      'search: read units': 150,
      'recovery: processor time an open batch': 5,
    }),
  );
  const [first] = document.split('\n').filter((line) => line.startsWith('| Step') || line.startsWith('| table'));
  // 100 s of the limit for 10,000 rows: 100 batches a day take 10,000 of its 86,400 s.
  expect(first).toMatch(/^\| Step Functions transitions, 800 a second \| 80,000 \| 11.6 % \| \*\*116 %\*\* \|/);
  expect(document).toContain('more than 720,000 rows loses the rest to the deadline');
  expect(document).toContain('300 calls a second for one reference_id');
  expect(() => scaleDocument(recordOf({}))).toThrow(/has no figure/);
});

test('two runs are compared by what is counted in both', () => {
  const [first, second] = [recordOf({ same: 5, other: 100 }), recordOf({ same: 5, other: 103 })];
  expect(differencesOf(first, second)).toEqual([
    { name: 'group: other', first: 100, second: 103, share: 0.03 },
    { name: 'group: same', first: 5, second: 5, share: 0 },
  ]);
  expect(() => differencesOf(first, recordOf({ same: 5 }))).toThrow('the second run has no figure group: other');
  expect(() => differencesOf(recordOf({ same: 5 }), first)).toThrow('the first run lacks figures');
  expect(differencesOf(recordOf({ time: 1 }, 'ms'), recordOf({ time: 9 }, 'ms'))).toEqual([]);
});
