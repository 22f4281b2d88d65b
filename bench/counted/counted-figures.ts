import { readinessSeconds } from '#simulator/readiness.ts';
import { priceOf } from '../bills/bill.ts';
import { ONE_A_ROW, WITH_LIMITER } from '../bills/comparison.ts';
import { type BillingFacts, productBill } from '../bills/product-bill.ts';
import { type Figure, figureOf } from '../figure.ts';
import { CHUNKS, consentsOf, ROWS } from '../subject.ts';
import type { Counted } from './count-batches.ts';
import { callsOf } from './design-figures.ts';
import type { VirtualBatch } from './virtual-batch.ts';

const GROUP = 'Counted on a virtual clock';

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;

const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4] = {}): Figure =>
  figureOf(GROUP, name, value, unit, { exact: true, ...more });

/** What else was counted, beside the figures of the design. */
export function countedFigures(counted: Counted, facts: BillingFacts): Figure[] {
  const { product, peer } = counted;
  const longest = Math.max(...consentsOf(ROWS).map(readinessSeconds)) * 1000;
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
    ...detailsOf(counted, 'no limit', 'unlimited', ONE_A_ROW),
    ...detailsOf(counted, 'no limit, with balances', 'unlimitedWithBalances', ONE_A_ROW),
    ...detailsOf(counted, '1,000 a minute', 'limited', WITH_LIMITER),
    ...detailsOf(counted, '1,000 a minute, with balances', 'limitedWithBalances', WITH_LIMITER),
    ...slowFigures('1,000 a minute', counted.slow.limited, facts),
    ...slowFigures('no limit', counted.slow.unlimited, facts),
  ];
}

/** What a batch took in one of the circumstances. Both functions that advance a chunk count as advances. */
function detailsOf({ product, peer }: Counted, label: string, run: keyof Counted['product'], other: string): Figure[] {
  const { units, functions, delays } = product[run];
  const { 'start-chunk': first, 'advance-chunk': next } = functions;
  const delay = (share: number, rows: string): Figure =>
    figure(`ready to stored, ${rows} of the rows, ${label}`, quantile(delays, share) / 1000, 's', {
      peers: { [other]: quantile(peer[run].delays, share) / 1000 },
    });
  return [
    figure(`write units, ${label}`, units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'], ''),
    figure(`write units of the index, ${label}`, units['dynamodb.indexWriteUnit'], ''),
    figure(`read units, ${label}`, units['dynamodb.readUnit'], ''),
    figure(`advances a chunk, ${label}`, (first.invocations + next.invocations) / CHUNKS, ''),
    figure(`advance-chunk, most at once, ${label}`, next.mostAtOnce, ''),
    figure(`seconds of start-chunk, ${label}`, first.milliseconds / 1000, 's'),
    figure(`seconds of advance-chunk, ${label}`, next.milliseconds / 1000, 's'),
    delay(0.5, 'half'),
    delay(0.95, '95 %'),
  ];
}

/** How much of it all hangs on how long FinPro takes for a call, which nobody has published. */
function slowFigures(circumstances: string, slow: VirtualBatch, facts: BillingFacts): Figure[] {
  const label = `${circumstances}, with balances, FinPro four times as slow`;
  return [
    figure(`transitions, ${label}`, slow.transitions, ''),
    figure(`AWS list price, us-east-1, ${label}`, priceOf(productBill(label, slow, facts), 'us-east-1'), '$'),
    figure(`upstream calls a row, ${label}`, callsOf(slow), ''),
    figure(`windows over the limit, ${label}`, slow.upstream.windowsOverLimit, '', { target: 0 }),
  ];
}
