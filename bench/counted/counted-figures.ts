import { priceOf } from '../bills/bill.ts';
import { ONE_A_ROW, WITH_LIMITER } from '../bills/comparison.ts';
import { type BillingFacts, productBill } from '../bills/product-bill.ts';
import { type Figure, type FigureDetails, figureOf } from '../figure.ts';
import { CHUNKS } from '../subject.ts';
import type { Circumstance, Counted } from './count-batches.ts';
import { callsOf, PAGE_READ_UNITS } from './design-figures.ts';
import type { VirtualBatch } from './virtual-batch.ts';

const GROUP = 'Counted on a virtual clock';

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;

const figure = (name: string, value: number, unit: string, more: FigureDetails = {}): Figure =>
  figureOf(GROUP, name, value, unit, { exact: true, ...more });

/** What else was counted, beside the figures of the design. */
export function countedFigures(counted: Counted, facts: BillingFacts): Figure[] {
  const { limited, limitedWithBalances } = counted.product;
  const windows = (name: string, { upstream }: VirtualBatch): Figure =>
    figure(name, upstream.windowsOverLimit, '', { target: 0 });
  return [
    windows('windows of the upstream over its limit', limited),
    windows('windows over the limit, with balances', limitedWithBalances),
    ...detailsOf(counted, 'no limit', 'unlimited', ONE_A_ROW),
    ...detailsOf(counted, 'no limit, with balances', 'unlimitedWithBalances', ONE_A_ROW),
    ...detailsOf(counted, '1,000 a minute', 'limited', WITH_LIMITER),
    ...detailsOf(counted, '1,000 a minute, with balances', 'limitedWithBalances', WITH_LIMITER),
    ...loadFigures(counted.product),
    ...slowFigures('1,000 a minute', counted.slow.limited, facts),
    ...slowFigures('no limit', counted.slow.unlimited, facts),
  ];
}

/** What a batch took in one of the circumstances. */
function detailsOf({ product, peer }: Counted, label: string, run: Circumstance, other: string): Figure[] {
  const { units, delays, statusPageUnits } = product[run];
  const delay = (share: number, rows: string): Figure =>
    figure(`ready to stored, ${rows} of the rows, ${label}`, quantile(delays, share) / 1000, 's', {
      peers: { [other]: quantile(peer[run].delays, share) / 1000 },
    });
  return [
    figure(`write units, ${label}`, units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'], ''),
    figure(`read units of a status page, ${label}`, statusPageUnits, '', { target: PAGE_READ_UNITS }),
    delay(0.5, 'half'),
    delay(0.95, '95 %'),
  ];
}

/** What the dearest batch loads the account's limits with (`docs/scale.md`), and how many functions a limited one runs at once. */
function loadFigures({ unlimitedWithBalances, limitedWithBalances }: Counted['product']): Figure[] {
  const { units, functions } = unlimitedWithBalances;
  const { 'start-chunk': first, 'advance-chunk': next } = functions;
  const label = 'no limit, with balances';
  const mostAtOnce = limitedWithBalances.functions['advance-chunk'].mostAtOnce;
  return [
    figure(`write units of the index, ${label}`, units['dynamodb.indexWriteUnit'], ''),
    figure(`read units, ${label}`, units['dynamodb.readUnit'], ''),
    // Both functions advance a chunk.
    figure(`advances a chunk, ${label}`, (first.invocations + next.invocations) / CHUNKS, ''),
    figure(`seconds of start-chunk, ${label}`, first.milliseconds / 1000, 's'),
    figure(`seconds of advance-chunk, ${label}`, next.milliseconds / 1000, 's'),
    figure('advance-chunk, most at once, 1,000 a minute, with balances', mostAtOnce, ''),
  ];
}

/** How much of it all depends on how long FinPro takes per call, which nobody has published. */
function slowFigures(circumstances: string, slow: VirtualBatch, facts: BillingFacts): Figure[] {
  const label = `${circumstances}, with balances, FinPro four times as slow`;
  return [
    figure(`transitions, ${label}`, slow.transitions, ''),
    figure(`AWS list price, us-east-1, ${label}`, priceOf(productBill(label, slow, facts), 'us-east-1'), '$'),
    figure(`upstream calls a row, ${label}`, callsOf(slow), ''),
    figure(`windows over the limit, ${label}`, slow.upstream.windowsOverLimit, '', { target: 0 }),
  ];
}
