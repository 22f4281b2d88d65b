import { countOf, priceOf, servicesOf } from '../bills/bill.ts';
import { type Comparison, peerCounts, peerPrices, RETRYING, WITH_LIMITER } from '../bills/comparison.ts';
import { FLOOR_TRANSITIONS, FLOOR_WRITE_UNITS } from '../bills/floor-bill.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { RowExecutions } from '../peers/row-executions.ts';
import type { VirtualExecutions } from '../peers/virtual-executions.ts';
import { LIMIT, ROWS } from '../subject.ts';
import type { Counted } from './count-batches.ts';
import type { VirtualBatch } from './virtual-batch.ts';

const DESIGN = 'The figures of the design';
const SERVICES = 'By service, us-east-1';
const TARGET = { 'us-east-1': 0.025, 'ap-south-1': 0.03 } as const;

const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4]): Figure =>
  figureOf(DESIGN, name, value, unit, { exact: true, ...more });

const pages = ({ pages: { unfiltered } }: Pick<RowExecutions, 'pages'>): Record<string, number> => ({
  'one item a row': unfiltered,
});

export const callsOf = ({ upstream: { fiRequests, statusCalls, balanceCalls } }: VirtualBatch): number =>
  (fiRequests + statusCalls + balanceCalls) / ROWS;

/** The table of `design.md`, each figure beside the peers' and over what no design can go below. */
export function designFigures(
  { product, peer, retrying }: Counted,
  comparisons: Record<keyof Counted['product'], Comparison>,
  measured: Pick<RowExecutions, 'pages'>,
): Figure[] {
  const all = Object.values(comparisons);
  const prices = (['us-east-1', 'ap-south-1'] as const).flatMap((region) =>
    all.map((comparison) =>
      figure(`AWS list price, ${region}, ${comparison.label}`, priceOf(comparison.product, region), '$', {
        target: TARGET[region],
        peers: peerPrices(comparison, region),
        floor: priceOf(comparison.floor, region),
      }),
    ),
  );
  const transitions = all.map((comparison) =>
    figure(`Step Functions transitions, ${comparison.label}`, countOf(comparison.product, 'states.transition'), '', {
      target: 800,
      peers: peerCounts(comparison, 'states.transition'),
      floor: FLOOR_TRANSITIONS,
    }),
  );
  const writes = [comparisons.limited, comparisons.unlimited].map((comparison) => {
    const units = ['dynamodb.writeUnit', 'dynamodb.indexWriteUnit'] as const;
    return figure(`DynamoDB write units, ${comparison.label}`, countOf(comparison.product, ...units), '', {
      target: 2500,
      peers: peerCounts(comparison, ...units),
      floor: FLOOR_WRITE_UNITS,
    });
  });
  const page = Math.max(...Object.values(product).map(({ statusPageUnits }) => statusPageUnits));
  const limited = { [WITH_LIMITER]: peer.limited, [RETRYING]: retrying };
  const withBalances = { [WITH_LIMITER]: peer.limitedWithBalances };
  return [
    ...prices,
    ...transitions,
    ...writes,
    figure('read units of a status page of 100, unfiltered', page, '', { target: 18, peers: pages(measured) }),
    ...underLimit('', product.limited, 2, 2.35, limited),
    ...underLimit(', with balances', product.limitedWithBalances, 3, 3.35, withBalances),
  ];
}

/** Calls and makespan at 1,000 calls a minute. `floor`: the calls that a row cannot do without. */
function underLimit(
  label: string,
  batch: VirtualBatch,
  floor: number,
  mostCalls: number,
  peers: Readonly<Record<string, VirtualExecutions>>,
): Figure[] {
  const floorMinutes = (floor * ROWS) / LIMIT;
  const of = (value: (run: VirtualExecutions) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(peers).map(([name, run]) => [name, value(run)]));
  return [
    figure(`upstream calls a row, 1,000 a minute${label}`, callsOf(batch), '', {
      target: mostCalls,
      peers: of(({ calls }) => calls / ROWS),
      floor,
    }),
    figure(`makespan over the floor, 1,000 a minute${label}`, batch.makespan / 60_000 / floorMinutes, 'times', {
      target: 1.3,
      peers: of(({ makespan }) => makespan / 60_000 / floorMinutes),
      floor: 1,
    }),
  ];
}

/** What a batch costs by service, in each of the circumstances. */
export function serviceFigures(comparisons: Record<keyof Counted['product'], Comparison>): Figure[] {
  const { unlimited, limited } = comparisons;
  return [limited, unlimited].flatMap(({ label, product, peers }) => {
    const others = peers.map((bill) => ({ design: bill.design, services: servicesOf(bill, 'us-east-1') }));
    return [...servicesOf(product, 'us-east-1')].map(([service, usd]) =>
      figureOf(SERVICES, `${service}, ${label}`, usd, '$', {
        exact: service !== 'logs',
        peers: Object.fromEntries(others.map(({ design, services }) => [design, services.get(service) ?? 0])),
      }),
    );
  });
}
