import { readinessSeconds } from '#simulator/readiness.ts';
import { countOf, priceOf } from '../bills/bill.ts';
import { executionBill } from '../bills/execution-bill.ts';
import { FLOOR_TRANSITIONS, FLOOR_WRITE_UNITS, floorBill } from '../bills/floor-bill.ts';
import { type BillingFacts, productBill } from '../bills/product-bill.ts';
import { CIRCUMSTANCES, type Circumstance, EACH } from '../circumstances.ts';
import { type Figure, type FigureDetails, figureOf } from '../figure.ts';
import { consentsOf, LIMIT, ROWS } from '../subject.ts';
import type { Counted } from './count-batches.ts';
import type { VirtualBatch } from './virtual-batch.ts';

/** What the design promises for 10,000 rows; calls by those that a row can't do without. */
export const TARGETS = {
  dollars: { 'us-east-1': 0.025, 'ap-south-1': 0.03 },
  transitions: 800,
  writeUnits: 2500,
  pageReadUnits: 18,
  calls: { 2: 2.35, 3: 3.35 },
  makespan: 1.3,
} as const;

const figure = (name: string, value: number, unit: string, more: FigureDetails): Figure =>
  figureOf('The figures of the design', name, value, unit, { exact: true, ...more });

export const callsOf = ({ upstream: { fiRequests, statusCalls, balanceCalls } }: VirtualBatch): number =>
  (fiRequests + statusCalls + balanceCalls) / ROWS;

/** What the design promises, each figure beside one execution per row and over what no design can go below. */
export function designFigures(counted: Counted, facts: BillingFacts): Figure[] {
  const page = Math.max(...EACH.map((of) => counted[of].product.statusPageUnits));
  return [
    ...EACH.flatMap((of) => billFigures(counted, of, facts)),
    ...EACH.flatMap((of) => paceFigures(counted, of)),
    figure('read units of a status page of 100, unfiltered', page, '', { target: TARGETS.pageReadUnits }),
  ];
}

/** Prices, transitions and write units. */
function billFigures(counted: Counted, of: Circumstance, facts: BillingFacts): Figure[] {
  const { label, calls, peer: other } = CIRCUMSTANCES[of];
  const bill = productBill(label, counted[of].product, facts);
  const peer = executionBill(other, ROWS, counted[of].peer);
  const floor = floorBill(calls * ROWS);
  const prices = (['us-east-1', 'ap-south-1'] as const).map((region) =>
    figure(`AWS list price, ${region}, ${label}`, priceOf(bill, region), '$', {
      target: TARGETS.dollars[region],
      peers: { [other]: priceOf(peer, region) },
      floor: priceOf(floor, region),
    }),
  );
  const transitions = figure(`Step Functions transitions, ${label}`, countOf(bill, 'states.transition'), '', {
    target: TARGETS.transitions,
    peers: { [other]: countOf(peer, 'states.transition') },
    floor: FLOOR_TRANSITIONS,
  });
  const writes = ['dynamodb.writeUnit', 'dynamodb.indexWriteUnit'] as const;
  // Promised without balances, which are written on top.
  const written = figure(`DynamoDB write units, ${label}`, countOf(bill, ...writes), '', {
    target: calls === 2 ? TARGETS.writeUnits : null,
    peers: { [other]: countOf(peer, ...writes) },
    floor: FLOOR_WRITE_UNITS,
  });
  return [...prices, transitions, written];
}

/**
 * Calls per row, and the time that a batch takes over the shortest possible: with a limit its calls fill so many minutes, without one it waits for the
 * slowest row.
 */
function paceFigures(counted: Counted, of: Circumstance): Figure[] {
  const { limit, calls, short, peer: other } = CIRCUMSTANCES[of];
  const { product, peer } = counted[of];
  const slowest = Math.max(...consentsOf(ROWS).map(readinessSeconds)) * 1000;
  const shortest = limit === null ? slowest : ((calls * ROWS) / LIMIT) * 60_000;
  const over = limit === null ? 'the slowest row' : 'the floor';
  return [
    figure(`upstream calls a row, ${short}`, callsOf(product), '', {
      target: limit === null ? null : TARGETS.calls[calls],
      peers: { [other]: peer.calls / ROWS },
      floor: calls,
    }),
    figure(`makespan over ${over}, ${short}`, product.makespan / shortest, 'times', {
      target: TARGETS.makespan,
      peers: { [other]: peer.makespan / shortest },
      floor: 1,
    }),
  ];
}
