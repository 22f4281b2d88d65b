import { priceOf } from '../bills/bill.ts';
import { type BillingFacts, productBill } from '../bills/product-bill.ts';
import { CIRCUMSTANCES, type Circumstance, EACH } from '../circumstances.ts';
import { type Figure, type FigureDetails, figureOf } from '../figure.ts';
import type { Counted } from './count-batches.ts';
import { callsOf, TARGETS } from './design-figures.ts';

const figure = (name: string, value: number, unit: string, more: FigureDetails = {}): Figure =>
  figureOf('Counted on a virtual clock', name, value, unit, { exact: true, ...more });

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;

/** What else was counted, beside the figures of the design. */
export function countedFigures(counted: Counted, facts: BillingFacts): Figure[] {
  const { limited, limitedWithBalances } = counted;
  const none = { target: 0 };
  return [
    figure('windows of the upstream over its limit', limited.product.upstream.windowsOverLimit, '', none),
    figure('windows over the limit, with balances', limitedWithBalances.product.upstream.windowsOverLimit, '', none),
    ...EACH.flatMap((of) => rowFigures(counted, of)),
    ...loadFigures(counted),
    ...slowFigures(counted, 'limitedWithBalances', facts),
    ...slowFigures(counted, 'unlimitedWithBalances', facts),
  ];
}

/** What a status page reads in each of the circumstances, and how long a row is ready before it is stored. */
function rowFigures(counted: Counted, of: Circumstance): Figure[] {
  const { short, peer: other } = CIRCUMSTANCES[of];
  const { product, peer } = counted[of];
  const delay = (share: number, rows: string): Figure =>
    figure(`ready to stored, ${rows} of the rows, ${short}`, quantile(product.delays, share) / 1000, 's', {
      peers: { [other]: quantile(peer.delays, share) / 1000 },
    });
  const page = { target: TARGETS.pageReadUnits };
  return [
    figure(`read units of a status page, ${short}`, product.statusPageUnits, '', page),
    delay(0.5, 'half'),
    delay(0.95, '95 %'),
  ];
}

/** What the dearest batch loads the account's limits with (`docs/scale.md`), and how many functions a limited one runs at once. */
function loadFigures({ unlimitedWithBalances, limitedWithBalances }: Counted): Figure[] {
  const { units, functions } = unlimitedWithBalances.product;
  const { 'start-chunk': first, 'advance-chunk': next } = functions;
  const label = 'no limit, with balances';
  const { mostAtOnce } = limitedWithBalances.product.functions['advance-chunk'];
  return [
    figure(`write units of the index, ${label}`, units.indexWrite, ''),
    figure(`read units, ${label}`, units.read, ''),
    figure(`seconds of start-chunk, ${label}`, first.milliseconds / 1000, 's'),
    figure(`seconds of advance-chunk, ${label}`, next.milliseconds / 1000, 's'),
    figure('advance-chunk, most at once, 1,000 a minute, with balances', mostAtOnce, ''),
  ];
}

/** How much of it all depends on how long FinPro takes per call, which nobody has published. */
function slowFigures({ slow }: Counted, of: keyof Counted['slow'], facts: BillingFacts): Figure[] {
  const label = `${CIRCUMSTANCES[of].short}, FinPro four times as slow`;
  return [
    figure(`transitions, ${label}`, slow[of].transitions, ''),
    figure(`AWS list price, us-east-1, ${label}`, priceOf(productBill(label, slow[of], facts), 'us-east-1'), '$'),
    figure(`upstream calls a row, ${label}`, callsOf(slow[of]), ''),
    figure(`windows over the limit, ${label}`, slow[of].upstream.windowsOverLimit, '', { target: 0 }),
  ];
}
