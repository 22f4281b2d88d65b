import { LIST_PRICES, type PricedRegion } from '#lib/list-prices.ts';
import type { PricedBill } from '../record.ts';

export type PricedUnit = keyof (typeof LIST_PRICES)[PricedRegion];

/** A count of one unit that AWS bills, and what for. */
export interface BilledLine {
  readonly unit: PricedUnit;
  readonly count: number;
  readonly what: string;
}

/** All that AWS bills a design for, per batch. */
export interface Bill {
  readonly design: string;
  readonly lines: readonly BilledLine[];
}

const dollarsOf = ({ unit, count }: BilledLine, region: PricedRegion): number => count * LIST_PRICES[region][unit].usd;

/** US dollars, by list price. */
export const priceOf = ({ lines }: Bill, region: PricedRegion): number =>
  lines.reduce((sum, line) => sum + dollarsOf(line, region), 0);

/** How many of some units are on a bill. */
export const countOf = ({ lines }: Bill, ...units: readonly PricedUnit[]): number =>
  lines.filter(({ unit }) => units.includes(unit)).reduce((sum, { count }) => sum + count, 0);

export const priced = ({ design, lines }: Bill, region: PricedRegion): PricedBill => ({
  design,
  lines: lines.map((line) => ({ ...line, usd: dollarsOf(line, region) })),
});

/** The arithmetic as rows of a table, for people to check. */
export const billRows = ({ design, lines }: PricedBill): string[][] => [
  [design, '', 'count', '$'],
  ...lines.map(({ unit, what, count, usd }) => [unit, what, Math.round(count).toLocaleString('en'), usd.toFixed(5)]),
];
