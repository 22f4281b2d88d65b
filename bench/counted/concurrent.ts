import { priceOf } from '../bills/bill.ts';
import { type BillingFacts, productBill } from '../bills/product-bill.ts';
import { type Figure, figureOf } from '../figure.ts';
import { consentsOf, LIMIT, MID_WINDOW } from '../subject.ts';
import { runVirtualBatch } from './virtual-batch.ts';

const GROUP = 'Batches at once';
const ROWS = 1000;

/** With a limit, ten batches of 1,000 rows share what one of 10,000 has to itself. */
const CIRCUMSTANCES = [
  { label: 'no limit', limit: null, counts: [1, 10, 50] },
  { label: '1,000 calls a minute for all', limit: LIMIT, counts: [1, 10] },
] as const;

/** Batches of one organisation that are accepted at once: what many at a time cost one another, in dollars and in time. */
export async function countConcurrent(facts: BillingFacts): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { label, limit, counts } of CIRCUMSTANCES) {
    let alone = 0;
    for (const count of counts) {
      const consents = consentsOf(ROWS * count);
      const batches = Array.from({ length: count }, (_, batch) => consents.slice(batch * ROWS, (batch + 1) * ROWS));
      const intoWindow = limit === null ? MID_WINDOW : 0;
      const run = await runVirtualBatch({ batches, balances: false, limit, intoWindow });
      const name = `${count} × ${ROWS.toLocaleString('en')} rows, ${label}`;
      const usd = priceOf(productBill(name, run, facts), 'us-east-1') / count;
      alone ||= usd;
      figures.push(
        figureOf(GROUP, `${name}: price each, over one alone`, usd / alone, 'times', { target: 1.1, exact: true }),
        figureOf(GROUP, `${name}: until the last row`, run.makespan / 60_000, 'min'),
      );
    }
  }
  return figures;
}
