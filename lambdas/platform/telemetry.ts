import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { UpstreamError } from '../upstream/failures.ts';
import { LogLine } from './log-line.ts';

/** One of each per function; names and levels come from the POWERTOOLS_ environment variables. */
export const logger = new Logger({ logFormatter: new LogLine() });
const metrics = new Metrics();

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

const UNITS: Readonly<Record<Quantity, Unit>> = {
  BatchSeconds: MetricUnit.Seconds,
  OpenBatches: MetricUnit.Count,
  OldestBatchSeconds: MetricUnit.Seconds,
  OverdueChunkSeconds: MetricUnit.Seconds,
  ReadyRows: MetricUnit.Count,
  RowsInProgress: MetricUnit.Count,
  UpstreamMilliseconds: MetricUnit.Milliseconds,
  SlowestCallMilliseconds: MetricUnit.Milliseconds,
  BudgetUsedPercent: MetricUnit.Percent,
};

/** What this invocation has counted. It goes out as one value each: Powertools would write every single count into the log. */
const counted = new Map<Measure, number>();

/**
 * Counts and values go out as metrics in the embedded metric format, one log line an invocation, without dimensions but the service: every
 * combination of dimensions is a metric to be paid for. Notes are log lines.
 */
export const telemetryJournal: Journal = {
  count: (measure, value = 1) => {
    if (value > 0) counted.set(measure, (counted.get(measure) ?? 0) + value);
  },
  measure: (quantity, value) => {
    metrics.addMetric(quantity, UNITS[quantity], value);
  },
  note: (message, fields) => logger.warn(message, { ...fields }),
};

/** Powertools' own middleware would log a warning for every invocation that counts nothing. */
const publishMetrics = (): void => {
  for (const [measure, value] of counted) metrics.addMetric(measure, MetricUnit.Count, value);
  counted.clear();
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};

/** The handler of every function: its log lines carry the request's context, its metrics go out at the end. */
export const instrumented = <Result>(run: (event: unknown, context: Context) => Promise<Result>) =>
  middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use({ after: publishMetrics, onError: publishMetrics })
    .handler(run);

/** What is counted. */
export type Measure =
  | 'BatchAccepted'
  | 'RowsAccepted'
  | 'BatchFinished'
  | 'RowCompleted'
  | 'RowFailed'
  | 'UpstreamCall'
  | 'UpstreamPoll'
  | `UpstreamError.${UpstreamError}`
  /** The upstream was away, or may have lost what it was asked. */
  | 'UpstreamFault'
  | 'UpstreamUnauthorized'
  | 'UpstreamUnclassified'
  | 'UpstreamRateLimited'
  | 'CircuitOpened'
  | 'CircuitTrial'
  | 'ChunkRecovered'
  | 'ChunkGivenUp'
  | 'TaskUnsent'
  | 'FileRejected';

/** What is measured. Where it is no number of things, the name ends in its unit. */
export type Quantity =
  /** From acceptance to completion. */
  | 'BatchSeconds'
  /** Of the batches that are open now. */
  | 'OpenBatches'
  | 'OldestBatchSeconds'
  | 'OverdueChunkSeconds'
  | 'ReadyRows'
  | 'RowsInProgress'
  /** Of the upstream calls of one invocation: all together, and the slowest. */
  | 'UpstreamMilliseconds'
  | 'SlowestCallMilliseconds'
  | 'BudgetUsedPercent';

/** Counts, measures and notes what happened. Never given a secret, a VUA, an account number or a balance. */
export interface Journal {
  count(measure: Measure, value?: number): void;
  measure(quantity: Quantity, value: number): void;
  note(message: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}
