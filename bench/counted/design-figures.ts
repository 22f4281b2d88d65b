import { readinessSeconds } from '#simulator/readiness.ts';
import { countOf, type PricedUnit, priceOf } from '../bills/bill.ts';
import { type Comparison, ONE_A_ROW, WITH_LIMITER } from '../bills/comparison.ts';
import { FLOOR_TRANSITIONS, FLOOR_WRITE_UNITS } from '../bills/floor-bill.ts';
import { type Figure, type FigureDetails, figureOf } from '../figure.ts';
import { consentsOf, LIMIT, ROWS } from '../subject.ts';
import type { Circumstance, Circumstances, Counted } from './count-batches.ts';
import type { VirtualBatch } from './virtual-batch.ts';

const DESIGN = 'The figures of the design';
const DOLLARS = { 'us-east-1': 0.025, 'ap-south-1': 0.03 } as const;
export const TRANSITIONS = 800;
export const WRITE_UNITS = 2500;
export const PAGE_READ_UNITS = 18;
export const MAKESPAN = 1.3;
/** By the calls that a row can't do without: FI request, poll, balances. */
export const CALLS = { 2: 2.35, 3: 3.35 } as const;

const figure = (name: string, value: number, unit: string, more: FigureDetails): Figure =>
  figureOf(DESIGN, name, value, unit, { exact: true, ...more });

export const callsOf = ({ upstream: { fiRequests, statusCalls, balanceCalls } }: VirtualBatch): number =>
  (fiRequests + statusCalls + balanceCalls) / ROWS;

/** What the design promises, each figure beside one execution per row and over what no design can go below. */
export function designFigures(counted: Counted, comparisons: Circumstances<Comparison>): Figure[] {
  const all = Object.values(comparisons);
  const prices = (['us-east-1', 'ap-south-1'] as const).flatMap((region) =>
    all.map(({ label, product, peer, floor }) =>
      figure(`AWS list price, ${region}, ${label}`, priceOf(product, region), '$', {
        target: DOLLARS[region],
        peers: { [peer.design]: priceOf(peer, region) },
        floor: priceOf(floor, region),
      }),
    ),
  );
  const units =
    (name: string, target: number, floor: number, ...of: readonly PricedUnit[]) =>
    ({ label, product, peer }: Comparison): Figure =>
      figure(`${name}, ${label}`, countOf(product, ...of), '', {
        target,
        peers: { [peer.design]: countOf(peer, ...of) },
        floor,
      });
  const writes: readonly PricedUnit[] = ['dynamodb.writeUnit', 'dynamodb.indexWriteUnit'];
  const page = Math.max(...Object.values(counted.product).map(({ statusPageUnits }) => statusPageUnits));
  return [
    ...prices,
    ...all.map(units('Step Functions transitions', TRANSITIONS, FLOOR_TRANSITIONS, 'states.transition')),
    ...[comparisons.limited, comparisons.unlimited].map(
      units('DynamoDB write units', WRITE_UNITS, FLOOR_WRITE_UNITS, ...writes),
    ),
    figure('read units of a status page of 100, unfiltered', page, '', { target: PAGE_READ_UNITS }),
    ...(['limited', 'limitedWithBalances', 'unlimited', 'unlimitedWithBalances'] as const).flatMap((run) =>
      pace(counted, run),
    ),
  ];
}

/** Calls per row and the time that a batch takes, over what is possible: with a limit its calls fill so many minutes, without one it waits for the slowest row. */
function pace({ product, peer }: Counted, run: Circumstance): Figure[] {
  const isLimited = run.startsWith('limited');
  const withBalances = run.endsWith('WithBalances');
  const label = `${isLimited ? '1,000 a minute' : 'no limit'}${withBalances ? ', with balances' : ''}`;
  const calls = withBalances ? 3 : 2;
  const slowest = Math.max(...consentsOf(ROWS).map(readinessSeconds)) * 1000;
  const shortest = isLimited ? ((calls * ROWS) / LIMIT) * 60_000 : slowest;
  const other = isLimited ? WITH_LIMITER : ONE_A_ROW;
  return [
    figure(`upstream calls a row, ${label}`, callsOf(product[run]), '', {
      target: isLimited ? CALLS[calls] : null,
      peers: { [other]: peer[run].calls / ROWS },
      floor: calls,
    }),
    figure(
      `makespan over the ${isLimited ? 'floor' : 'slowest row'}, ${label}`,
      product[run].makespan / shortest,
      'times',
      {
        target: MAKESPAN,
        peers: { [other]: peer[run].makespan / shortest },
        floor: 1,
      },
    ),
  ];
}
