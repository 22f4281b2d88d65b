import { expect, test } from 'vitest';
import { drawBars } from '#bench/plots.ts';

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
