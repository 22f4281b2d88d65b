import type { VirtualExecutions } from '../peers/virtual-executions.ts';
import type { Bill, BilledLine } from './bill.ts';

/** A function of 256 MB, as the peer's. */
const GIGABYTES = 0.25;
/** Messages that one call of SQS carries at most, and one invocation is given here. */
const SQS_BATCH = 10;
/** An execution of an Express workflow takes at least 50 MB, and is billed by 64. */
const EXPRESS_GIGABYTES = 64 / 1024;
/** Express workflows are ended after five minutes. */
const EXPRESS_LONGEST = 300_000;

/**
 * Two more designs, which were not built: their bills by published prices, for the calls that one execution a row makes without a limit. Their rows and
 * counters move in transactions, as the built peer's do: both deliver at least once, and a counter that is added to twice is wrong.
 */
export function publishedPeers(rows: number, executions: VirtualExecutions, logBytes: number): Bill[] {
  const { invocations, polls, functionTime, durations } = executions;
  const tooLong = durations.filter((duration) => duration > EXPRESS_LONGEST).length;
  const seconds = durations.reduce((sum, duration) => sum + Math.min(duration, EXPRESS_LONGEST), 0) / 1000;
  const line = (unit: BilledLine['unit'], count: number, what: string): BilledLine => ({ unit, count, what });
  /** Calls of one invocation go out at once and take the time of one. */
  const functions = (callsAnInvocation: number): BilledLine[] => [
    line('lambda.request', invocations / callsAnInvocation, 'invocations'),
    line(
      'lambda.gbSecond',
      (functionTime / 1000 / callsAnInvocation) * GIGABYTES,
      'GB-seconds at 256 MB, waiting for FinPro',
    ),
    line(
      'logs.byte',
      (invocations / callsAnInvocation) * logBytes,
      'log bytes, as the built peer writes an invocation',
    ),
  ];
  return [
    {
      design: 'Distributed Map, an Express child a row',
      lines: [
        line('states.transition', rows + 4, 'one for each child started, 4 of the parent'),
        line('states.expressRequest', rows, 'children'),
        line(
          'states.expressGbSecond',
          seconds * EXPRESS_GIGABYTES,
          `GB-seconds of children, which wait on the bill; ${tooLong} rows fail after five minutes`,
        ),
        line('dynamodb.writeUnit', 9 * rows, 'a row put once; row and counter moved twice, in transactions'),
        ...functions(1),
      ],
    },
    {
      design: 'SQS, a delayed message a row',
      lines: [
        line('sqs.request', (3 * (rows + polls)) / SQS_BATCH, 'sent with a delay, received, deleted, ten at a time'),
        line(
          'dynamodb.writeUnit',
          5 * rows + (2 * (rows + polls)) / SQS_BATCH,
          'a row put once and moved twice in transactions; their counter once an invocation',
        ),
        ...functions(SQS_BATCH),
      ],
    },
  ];
}
