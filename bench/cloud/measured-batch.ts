import type { MeterReading } from '#local/meter.ts';
import { ONE_A_ROW } from '../bills/comparison.ts';
import type { Counted } from '../counted/count-batches.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { RowExecutions } from '../peers/row-executions.ts';
import { LIMIT, ROWS } from '../subject.ts';
import type { CloudBatch } from './cloud-batch.ts';

/** A machine's own time is not scaled, which a batch shows in some rounds more or less; beyond this one of both counts is wrong. */
const AGREES = { least: 0.9, target: 1.1 };
/** Workers that run at the same time meet at the budget, and a write that is refused is billed, too; on the virtual clock they seldom do. */
const WRITES_AGREE = { least: 0.9, target: 1.2 };
/** What confirms the counted figures. */
const GROUP = 'Measured on the local cloud';
const CALLS_A_ROW = 3;

const figure = (name: string, value: number, unit: string, more: Parameters<typeof figureOf>[4] = {}): Figure =>
  figureOf(GROUP, name, value, unit, more);

/**
 * The built functions, on the local cloud, with 1,000 calls a minute and with balances: what was counted on the virtual clock holds there too, as far
 * as a machine whose own time is not scaled lets it.
 */
export function batchFigures({ reading, upstream, minutes }: CloudBatch, counted: Counted): Figure[] {
  const { units } = reading;
  const virtual = counted.product.limitedWithBalances;
  const made = upstream.fiRequests + upstream.statusCalls + upstream.balanceCalls;
  const transitions = units['states.transition'];
  const writes = writesOf(reading);
  return [
    figure('Step Functions transitions', transitions, '', { target: 800, floor: 20 }),
    figure('transitions, over those counted', transitions / virtual.transitions, 'times', AGREES),
    figure('DynamoDB write units', writes, '', { target: 2500, floor: 190 }),
    figure('write units, over those counted', writes / writesOf(virtual), 'times', WRITES_AGREE),
    figure('DynamoDB read units', units['dynamodb.readUnit'], ''),
    figure('invocations', units['lambda.request'], ''),
    figure('SQS requests', units['sqs.request'], ''),
    figure('log bytes an invocation', logBytesOf(reading), 'bytes'),
    figure('upstream calls a row', made / ROWS, '', { target: 3.35, floor: CALLS_A_ROW }),
    figure('makespan over the floor', minutes / ((CALLS_A_ROW * ROWS) / LIMIT), 'times', { target: 1.3, floor: 1 }),
    figure('windows over the limit', upstream.windowsOverLimit, '', { target: 0 }),
  ];
}

const writesOf = ({ units }: Pick<MeterReading, 'units'>): number =>
  units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'];

/** Bytes that an invocation logs on the average, metrics included. */
export const logBytesOf = ({ units }: MeterReading): number => units['logs.byte'] / units['lambda.request'];

/** What the peer was seen to take there, which its count on the virtual clock has to agree with. */
export function peerFigures(peer: RowExecutions, counted: Counted): Figure[] {
  const { transitions, calls } = counted.peer.unlimited;
  const ofPeer = (name: string, ...more: [number, string, Parameters<typeof figureOf>[4]?]): Figure =>
    figure(`${ONE_A_ROW}, no limit: ${name}`, ...more);
  return [
    ofPeer('transitions a row', peer.transitionsARow, ''),
    ofPeer('transitions, over those counted', (peer.transitionsARow * ROWS) / transitions, 'times', AGREES),
    ofPeer('upstream calls a row', peer.callsARow, ''),
    ofPeer('upstream calls, over those counted', (peer.callsARow * ROWS) / calls, 'times', AGREES),
    ofPeer('write units a row', peer.writeUnitsARow, ''),
    ofPeer('log bytes an invocation', peer.logBytes, 'bytes'),
  ];
}
