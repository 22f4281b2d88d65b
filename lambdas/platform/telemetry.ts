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

const UNITS: Readonly<Record<Gauge, Unit>> = {
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
const counted = new Map<Counter, number>();

/**
 * Counts and values go out as metrics in the embedded metric format, one log line an invocation, without dimensions but the service: every
 * combination of dimensions is a metric to be paid for. Notes are log lines.
 */
export const powertoolsTelemetry: Telemetry = {
  count: (counter, value = 1) => {
    if (value > 0) counted.set(counter, (counted.get(counter) ?? 0) + value);
  },
  gauge: (name, value) => {
    metrics.addMetric(name, UNITS[name], value);
  },
  warn: (message, fields) => logger.warn(message, { ...fields }),
};

/** Powertools' own middleware would log a warning for every invocation that counts nothing. */
const publishMetrics = (): void => {
  for (const [counter, value] of counted) metrics.addMetric(counter, MetricUnit.Count, value);
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
export type Counter =
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
  | 'CircuitHalfOpen'
  | 'ChunkRecovered'
  | 'ChunkGivenUp'
  | 'TaskUnsent'
  | 'FileRejected';

/** What is measured. Where it is no number of things, the name ends in its unit. */
export type Gauge =
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
export interface Telemetry {
  count(counter: Counter, value?: number): void;
  gauge(name: Gauge, value: number): void;
  warn(message: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}
