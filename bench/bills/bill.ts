import { LIST_PRICES, type PricedRegion } from '#lib/list-prices.ts';

export type PricedUnit = keyof (typeof LIST_PRICES)[PricedRegion];

/** So many of one unit that AWS bills, and what for. */
export interface BilledLine {
  readonly unit: PricedUnit;
  readonly count: number;
  readonly what: string;
}

/** All that AWS bills a design for, for one batch. */
export interface Bill {
  readonly design: string;
  readonly lines: readonly BilledLine[];
}

const dollarsOf = ({ unit, count }: BilledLine, region: PricedRegion): number => count * LIST_PRICES[region][unit].usd;

/** US dollars, by list price. */
export const priceOf = ({ lines }: Bill, region: PricedRegion): number =>
  lines.reduce((sum, line) => sum + dollarsOf(line, region), 0);

/** How many of some units there are on a bill. */
export const countOf = ({ lines }: Bill, ...units: readonly PricedUnit[]): number =>
  lines.filter(({ unit }) => units.includes(unit)).reduce((sum, { count }) => sum + count, 0);

const serviceOf = ({ unit }: BilledLine): string => unit.slice(0, unit.indexOf('.'));

/** US dollars by service (`dynamodb`, `states`, …). */
export function servicesOf({ lines }: Bill, region: PricedRegion): ReadonlyMap<string, number> {
  const services = new Map<string, number>();
  for (const line of lines) {
    services.set(serviceOf(line), (services.get(serviceOf(line)) ?? 0) + dollarsOf(line, region));
  }
  return services;
}

/** The arithmetic in Markdown, for people to check. */
export function showBill(bill: Bill, region: PricedRegion): string {
  const rows = bill.lines.map((line) => {
    const { unit, count, what } = line;
    const each = LIST_PRICES[region][unit].usd.toPrecision(4);
    return `| ${unit} | ${what} | ${Math.round(count).toLocaleString('en')} | ${each} | ${dollarsOf(line, region).toFixed(5)} |`;
  });
  return [
    `**${bill.design}**: $${priceOf(bill, region).toFixed(4)} (${region})`,
    '',
    '| unit | what | how many | $ each | $ |',
    '|---|---|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
