import { type Figure, figureOf } from '#bench/figure.ts';
import type { BenchRecord } from '#bench/record.ts';

/** A record with some figures. */
export const recordWith = (figures: readonly Figure[]): BenchRecord => ({
  at: '2026-11-25T00:00:00Z',
  machine: '2 × a processor',
  pricesAsOf: '2026-11',
  quick: false,
  prices: [],
  figures: figures.map((figure) => ({ ...figure, peers: { ...figure.peers }, reached: true })),
});

/** A record with some figures, by name. */
export const recordOf = (values: Readonly<Record<string, number>>, unit = ''): BenchRecord =>
  recordWith(Object.entries(values).map(([name, value]) => figureOf('group', name, value, unit)));
