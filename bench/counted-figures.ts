import { readinessSeconds } from '../simulator/readiness.ts';
import { type Counted, consentsOf, ROWS } from './counted.ts';
import { callsOf } from './design-figures.ts';
import { ONE_A_ROW, WITH_LIMITER } from './designs.ts';
import { type Figure, figureOf } from './figure.ts';
import type { VirtualBatch } from './virtual/virtual-batch.ts';

export const COUNTED = 'Counted on a virtual clock';
const CHUNKS = ROWS / 250;

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;

/** What else was counted, beside the figures of the design. */
export function countedFigures({ product, peer }: Counted): Figure[] {
  const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4] = {}): Figure =>
    figureOf(COUNTED, name, value, unit, { exact: true, ...more });
  const longest = Math.max(...consentsOf(ROWS).map(readinessSeconds)) * 1000;
  const each = (label: string, run: keyof Counted['product'], peerName: string): Figure[] => {
    const batch: VirtualBatch = product[run];
    const other = peer[run];
    const { units, functions } = batch;
    const delay = (share: number, rows: string): Figure =>
      figure(`ready to stored, ${rows} of the rows, ${label}`, quantile(batch.delays, share) / 1000, 's', {
        peers: { [peerName]: quantile(other.delays, share) / 1000 },
      });
    return [
      figure(`DynamoDB read units, ${label}`, units['dynamodb.readUnit'], ''),
      figure(`DynamoDB write units of the index, ${label}`, units['dynamodb.indexWriteUnit'], ''),
      figure(`advances a chunk, ${label}`, functions['advance-chunk'].invocations / CHUNKS, ''),
      figure(`advances at once, ${label}`, functions['advance-chunk'].mostAtOnce, ''),
      figure(`seconds of advance-chunk, ${label}`, functions['advance-chunk'].milliseconds / 1000, 's'),
      figure(`seconds of start-chunk, ${label}`, functions['start-chunk'].milliseconds / 1000, 's'),
      delay(0.5, 'half'),
      delay(0.95, '95 %'),
    ];
  };
  return [
    figure('windows of the upstream over its limit', product.limited.upstream.windowsOverLimit, '', { target: 0 }),
    figure('windows over the limit, with balances', product.limitedWithBalances.upstream.windowsOverLimit, '', {
      target: 0,
    }),
    figure('upstream calls a row, no limit', callsOf(product.unlimited), '', {
      peers: { [ONE_A_ROW]: peer.unlimited.calls / ROWS },
      floor: 2,
    }),
    figure('makespan over the slowest row, no limit', product.unlimited.makespan / longest, 'times', {
      target: 1.3,
      peers: { [ONE_A_ROW]: peer.unlimited.makespan / longest },
      floor: 1,
    }),
    ...each('no limit', 'unlimited', ONE_A_ROW),
    ...each('1,000 a minute', 'limited', WITH_LIMITER),
  ];
}
