import type { PricedRegion } from '#lib/list-prices.ts';
import type { Counted } from '../counted/count-batches.ts';
import type { RowExecutions } from '../peers/row-executions.ts';
import { ROWS } from '../subject.ts';
import { type Bill, countOf, type PricedUnit, priceOf } from './bill.ts';
import { executionBill } from './execution-bill.ts';
import { floorBill } from './floor-bill.ts';
import { type BillingFacts, productBill } from './product-bill.ts';
import { publishedPeers } from './published-peers.ts';

/** The bills of this design and its peers for the same batch in the same circumstances. */
export interface Comparison {
  readonly label: string;
  readonly product: Bill;
  readonly peers: readonly Bill[];
  readonly floor: Bill;
}

export const WITH_LIMITER = 'one execution a row, with a limiter';
export const RETRYING = 'one execution a row, retrying 429s';
export const ONE_A_ROW = 'one execution a row';

/** The bills in each of the circumstances. The published peers have no way to keep to a limit, so they stand beside what is not limited. */
export function compareDesigns(
  { product, peer, retrying }: Counted,
  facts: BillingFacts,
  measured: Pick<RowExecutions, 'writeUnitsARow' | 'logBytes'>,
): Record<keyof Counted['product'], Comparison> {
  const own = (label: string, run: keyof Counted['product'], calls: number): Omit<Comparison, 'peers'> => ({
    label,
    product: productBill(`This design, ${label}`, product[run], facts),
    floor: floorBill(calls * ROWS),
  });
  const execution = (design: string, run: Counted['retrying']): Bill => executionBill(design, ROWS, run, measured);
  return {
    limited: {
      ...own('1,000 calls a minute', 'limited', 2),
      peers: [execution(WITH_LIMITER, peer.limited), execution(RETRYING, retrying)],
    },
    limitedWithBalances: {
      ...own('1,000 calls a minute, with balances', 'limitedWithBalances', 3),
      peers: [execution(WITH_LIMITER, peer.limitedWithBalances)],
    },
    unlimited: {
      ...own('no limit', 'unlimited', 2),
      peers: [execution(ONE_A_ROW, peer.unlimited), ...publishedPeers(ROWS, peer.unlimited, measured.logBytes)],
    },
    unlimitedWithBalances: {
      ...own('no limit, with balances', 'unlimitedWithBalances', 3),
      peers: [execution(ONE_A_ROW, peer.unlimitedWithBalances)],
    },
  };
}

const peersBy = ({ peers }: Comparison, value: (bill: Bill) => number): Record<string, number> =>
  Object.fromEntries(peers.map((bill) => [bill.design, value(bill)]));

/** What the peers cost, by name. */
export const peerPrices = (comparison: Comparison, region: PricedRegion): Record<string, number> =>
  peersBy(comparison, (bill) => priceOf(bill, region));

/** How many of some units the peers take, by name. */
export const peerCounts = (comparison: Comparison, ...units: readonly PricedUnit[]): Record<string, number> =>
  peersBy(comparison, (bill) => countOf(bill, ...units));
