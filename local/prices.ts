import { LIST_PRICES, type PricedRegion } from '#lib/list-prices.ts';
import { type MeterReading, UNITS, type Unit } from './meter.ts';

export { PRICES_AS_OF, type PricedRegion } from '#lib/list-prices.ts';

/** A price for everything that is metered. */
const PRICES: Readonly<Record<PricedRegion, Readonly<Record<Unit, { readonly usd: number }>>>> = LIST_PRICES;

/** What something costs in US dollars, in all and by service (`dynamodb`, `states`, …). */
export interface Bill {
  readonly total: number;
  readonly services: Readonly<Record<string, number>>;
}

/** The list price of metered units in a region. */
export function listPrice({ units }: Pick<MeterReading, 'units'>, region: PricedRegion): Bill {
  const services: Record<string, number> = {};
  for (const unit of UNITS) {
    const service = unit.slice(0, unit.indexOf('.'));
    services[service] = (services[service] ?? 0) + units[unit] * PRICES[region][unit].usd;
  }
  return { total: Object.values(services).reduce((sum, usd) => sum + usd, 0), services };
}
