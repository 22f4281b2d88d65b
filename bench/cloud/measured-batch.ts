import type { MeterReading } from '#local/meter.ts';
import { FLOOR_TRANSITIONS, FLOOR_WRITE_UNITS } from '../bills/floor-bill.ts';
import type { Counted } from '../counted/count-batches.ts';
import { TARGETS } from '../counted/design-figures.ts';
import { type Figure, type FigureDetails, figureOf } from '../figure.ts';
import { LIMIT, ROWS } from '../subject.ts';
import type { CloudBatch } from './cloud-batch.ts';

/** A machine's own time isn't scaled, which a batch shows in some rounds more or less; beyond this one of both counts is wrong. */
const AGREES = { least: 0.9, target: 1.1 };
const GROUP = 'Measured on the local cloud';
const CALLS_A_ROW = 3;

const figure = (name: string, value: number, unit: string, more: FigureDetails = {}): Figure =>
  figureOf(GROUP, name, value, unit, more);

/**
 * The built functions, on the local cloud, with 1,000 calls a minute and with balances: what was counted on the virtual clock holds there too, as far
 * as a machine whose own time isn't scaled lets it.
 */
export function batchFigures({ reading, upstream, minutes, pages }: CloudBatch, counted: Counted): Figure[] {
  const virtual = counted.limitedWithBalances.product;
  const made = upstream.fiRequests + upstream.statusCalls + upstream.balanceCalls;
  const transitions = reading.units['states.transition'];
  const writes = writesOf(reading);
  return [
    figure('Step Functions transitions', transitions, '', { target: TARGETS.transitions, floor: FLOOR_TRANSITIONS }),
    figure('transitions, over those counted', transitions / virtual.transitions, 'times', AGREES),
    figure('DynamoDB write units', writes, '', { target: TARGETS.writeUnits, floor: FLOOR_WRITE_UNITS }),
    figure(
      'write units, over those counted',
      writes / (virtual.units.write + virtual.units.indexWrite),
      'times',
      AGREES,
    ),
    figure('log bytes an invocation', logBytesOf(reading), 'bytes'),
    figure('upstream calls a row', made / ROWS, '', { target: TARGETS.calls[CALLS_A_ROW], floor: CALLS_A_ROW }),
    figure('makespan over the floor', minutes / ((CALLS_A_ROW * ROWS) / LIMIT), 'times', {
      target: TARGETS.makespan,
      floor: 1,
    }),
    figure('windows over the limit', upstream.windowsOverLimit, '', { target: 0 }),
    figure('first page with balances: read units', pages.withBalances, 'units'),
    figure('search: read units', pages.search, 'units'),
  ];
}

const writesOf = ({ units }: MeterReading): number => units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'];

/** Mean bytes that an invocation logs, metrics included. */
export const logBytesOf = ({ units }: MeterReading): number => units['logs.byte'] / units['lambda.request'];
