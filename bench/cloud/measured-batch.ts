import type { MeterReading } from '../../local/meter.ts';
import { ONE_A_ROW } from '../bills/comparison.ts';
import type { Counted } from '../counted/count-batches.ts';
import type { VirtualBatch } from '../counted/virtual-batch.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { RowExecutions } from '../peers/row-executions.ts';
import { ROWS } from '../subject.ts';
import type { CloudBatch } from './cloud-batch.ts';

/** A machine's own time is not scaled, which a batch shows in some rounds more or less; beyond this one of both counts is wrong. */
const AGREES = { least: 0.9, target: 1.1 };
const GROUP = 'Measured on the local cloud';

/**
 * The built functions, on the local cloud, with 1,000 calls a minute: what was counted on the virtual clock holds there too, as far as a machine
 * whose own time is not scaled lets it.
 */
export function batchFigures(plain: CloudBatch, withBalances: CloudBatch, counted: Counted): Figure[] {
  const { limited, limitedWithBalances } = counted.product;
  return [...figuresOf('', plain, limited, 2), ...figuresOf(', with balances', withBalances, limitedWithBalances, 3)];
}

function figuresOf(label: string, { reading, upstream, minutes }: CloudBatch, virtual: VirtualBatch, calls: number) {
  const { units } = reading;
  const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4] = {}): Figure =>
    figureOf(GROUP, `${name}${label}`, value, unit, more);
  const made = upstream.fiRequests + upstream.statusCalls + upstream.balanceCalls;
  return [
    figure('Step Functions transitions', units['states.transition'], '', { target: 800, floor: 20 }),
    figure('transitions, over those counted', units['states.transition'] / virtual.transitions, 'times', AGREES),
    figure('DynamoDB write units', writesOf(reading), '', { target: 2500, floor: 190 }),
    figure('DynamoDB read units', units['dynamodb.readUnit'], ''),
    figure('invocations', units['lambda.request'], ''),
    figure('SQS requests', units['sqs.request'], ''),
    figure('log bytes an invocation', logBytesOf(reading), 'bytes'),
    figure('upstream calls a row', made / ROWS, '', { target: calls === 2 ? 2.35 : 3.35, floor: calls }),
    figure('makespan over the floor', minutes / ((calls * ROWS) / 1000), 'times', { target: 1.3, floor: 1 }),
    figure('windows over the limit', upstream.windowsOverLimit, '', { target: 0 }),
  ];
}

const writesOf = ({ units }: MeterReading): number => units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'];

/** Bytes that an invocation logs on the average, metrics included. */
export const logBytesOf = ({ units }: MeterReading): number => units['logs.byte'] / units['lambda.request'];

/** What the peer was seen to take there, which its count on the virtual clock has to agree with. */
export function peerFigures(peer: RowExecutions, counted: Counted): Figure[] {
  const { transitions, calls } = counted.peer.unlimited;
  const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4] = {}): Figure =>
    figureOf(GROUP, `${ONE_A_ROW}, no limit: ${name}`, value, unit, more);
  return [
    figure('transitions a row', peer.transitionsARow, ''),
    figure('transitions, over those counted', (peer.transitionsARow * ROWS) / transitions, 'times', AGREES),
    figure('upstream calls a row', peer.callsARow, ''),
    figure('upstream calls, over those counted', (peer.callsARow * ROWS) / calls, 'times', AGREES),
    figure('write units a row', peer.writeUnitsARow, ''),
    figure('log bytes an invocation', peer.logBytes, 'bytes'),
  ];
}
