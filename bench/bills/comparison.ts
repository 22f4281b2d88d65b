import type { Circumstance, Circumstances, Counted } from '../counted/count-batches.ts';
import { ROWS } from '../subject.ts';
import type { Bill } from './bill.ts';
import { executionBill } from './execution-bill.ts';
import { floorBill } from './floor-bill.ts';
import { type BillingFacts, productBill } from './product-bill.ts';

/** The bills of this design, of one execution per row and of the floor for the same batch in the same circumstances. */
export interface Comparison {
  readonly label: string;
  readonly product: Bill;
  readonly peer: Bill;
  readonly floor: Bill;
}

/** With a limit, one execution per row takes a limiter; without, it needs none. */
export const WITH_LIMITER = 'one execution a row, with a limiter';
export const ONE_A_ROW = 'one execution a row';

export function compareDesigns({ product, peer }: Counted, facts: BillingFacts): Circumstances<Comparison> {
  const of = (run: Circumstance, label: string, other: string, callsARow: number): Comparison => ({
    label,
    product: productBill(label, product[run], facts),
    peer: executionBill(other, ROWS, peer[run]),
    floor: floorBill(callsARow * ROWS),
  });
  return {
    limited: of('limited', '1,000 calls a minute', WITH_LIMITER, 2),
    limitedWithBalances: of('limitedWithBalances', '1,000 calls a minute, with balances', WITH_LIMITER, 3),
    unlimited: of('unlimited', 'no limit', ONE_A_ROW, 2),
    unlimitedWithBalances: of('unlimitedWithBalances', 'no limit, with balances', ONE_A_ROW, 3),
  };
}
