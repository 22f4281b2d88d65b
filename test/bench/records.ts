import { figureOf } from '#bench/figure.ts';
import type { BenchRecord } from '#bench/record.ts';

/** A record with some figures, by name. */
export const recordOf = (values: Readonly<Record<string, number>>, unit = ''): BenchRecord => ({
  at: '2026-11-25T00:00:00Z',
  machine: '',
  pricesAsOf: '',
  quick: false,
  bills: [],
  figures: Object.entries(values).map(([name, value]) => ({
    ...figureOf('group', name, value, unit),
    group: 'group',
    peers: {},
    reached: true,
    exact: false,
  })),
});
