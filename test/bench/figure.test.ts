import { expect, test } from 'vitest';
import { cellsOf, type Figure, figureOf, formatFigures, isReached } from '#bench/figure.ts';

const figure: Figure = figureOf('group', 'transitions', 1234.5, '', {
  target: 800,
  peers: { other: 100_000 },
  floor: 20,
});

test('a figure is reached at its target, and always where there is none', () => {
  expect(isReached(figure)).toBe(false);
  expect(isReached({ ...figure, value: 800 })).toBe(true);
  expect(isReached({ ...figure, target: null })).toBe(true);
});

test('a figure that must not be too small either is not reached below its least', () => {
  expect(isReached({ ...figure, value: 700, least: 750 })).toBe(false);
  expect(isReached({ ...figure, value: 760, least: 750 })).toBe(true);
});

test('a figure is shown with its target, its peers and how far above the floor it is', () => {
  expect(cellsOf(figure)).toEqual(['transitions', '1,235', '≤ 800', 'MISSED', '61.7 × 20', 'other: 100,000']);
  expect(cellsOf({ ...figure, least: 750 })[2]).toBe('≥ 750, ≤ 800');
  expect(cellsOf(figureOf('group', 'time', 0.012345, 's'))).toEqual(['time', '0.0123 s', '', '', '', '']);
  expect(formatFigures([figure]).split('\n')).toHaveLength(2);
});
