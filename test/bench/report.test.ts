import { expect, test } from 'vitest';
import { cellsOf, type Figure, formatFigures, isReached, known } from '../../bench/figure.ts';
import { publishedPeers, showPublished } from '../../bench/peers/published.ts';
import { drawBars } from '../../bench/plots.ts';
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
  expect(cellsOf(known('group', 'time', 0.012345, 's'))).toEqual(['time', '0.0123 s', '', '', '', '']);
  expect(formatFigures([figure]).split('\n')).toHaveLength(2);
});

test('peers by published prices add up, line by line', () => {
  const peers = publishedPeers(demoConsents(1000).map(({ consentId }) => consentId));
  expect(peers).toHaveLength(2);
  for (const peer of peers) {
    const sum = peer.lines.reduce((total, { count, usd }) => total + count * usd, 0);
    expect(peer.total).toBeCloseTo(sum, 10);
    expect(showPublished(peer).split('\n')).toHaveLength(4 + peer.lines.length);
  }
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

test('limits are shown with the load of a batch, the one that is reached first on top', () => {
  const of = (name: string, value: number) => ({
    ...known('', name, value, ''),
    peers: {},
    reached: true,
    group: '',
    exact: true,
  });
  const figures = [
    of('Step Functions transitions, no limit', 80_000),
    of('DynamoDB write units, no limit', 2_000),
    of('DynamoDB read units, no limit', 1_500),
    of('upstream calls a row, no limit', 3),
  ];
  const document = scaleDocument({ at: '', machine: '', pricesAsOf: '', quick: false, figures });
  const [first] = document.split('\n').filter((line) => line.startsWith('| Step') || line.startsWith('| table'));
  // 100 s of the limit for 10,000 rows: 100 batches a day take 10,000 of its 86,400 s.
  expect(first).toMatch(/^\| Step Functions transitions, 800 a second \| 80,000 \| 11.6 % \| \*\*116 %\*\* \|/);
  expect(() => scaleDocument({ at: '', machine: '', pricesAsOf: '', quick: false, figures: [] })).toThrow(
    /has no figure/,
  );
});
