import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { UpstreamError } from '../upstream/failures.ts';

/** Names of counts. */
export type Counter =
  | 'BatchAccepted'
  | 'RowsAccepted'
  | 'BatchFinished'
  | 'RowCompleted'
  | 'RowFailed'
  | 'UpstreamCall'
  | 'UpstreamPoll'
  | `UpstreamError.${UpstreamError}`
  /** The upstream was unavailable, or an answer was lost. */
  | 'UpstreamFault'
  | 'UpstreamUnauthorized'
  | 'UpstreamUnclassified'
  /** An answer about another session or consent than was asked for. */
  | 'UpstreamMismatch'
  | 'UpstreamRateLimited'
  | 'CircuitOpened'
  | 'CircuitHalfOpen'
  | 'ChunkRecovered'
  | 'ChunkGivenUp'
  | 'TaskUnsent'
  | 'FileRejected';

/** Names of measured values. They end in the unit, except for numbers of things. */
export type Gauge =
  /** From acceptance to completion. */
  | 'BatchSeconds'
  /** Of the batches that are open now. */
  | 'OpenBatches'
  | 'OldestBatchSeconds'
  | 'OverdueChunkSeconds'
  | 'ReadyRows'
  | 'RowsInProgress'
  /** Of one invocation's upstream calls: their sum, and the slowest. */
  | 'UpstreamMilliseconds'
  | 'SlowestCallMilliseconds'
  | 'BudgetUsedPercent';

/** Counts, measures and logs. Never pass it a secret, a VUA, an account number or a balance. */
export interface Telemetry {
  count(counter: Counter, value?: number): void;
  gauge(name: Gauge, value: number): void;
  warn(message: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}

/**
 * The allow-list of a log line's fields beside its message: ids, counts and codes. Any other field is dropped, so that
 * no body, header or upstream answer gets into the logs by accident (docs/architecture.md, promise 7).
 */
const FIELDS: ReadonlySet<string> = new Set([
  'batchId',
  'chunk',
  'clientId',
  'error',
  'errorCode',
  'gatewayRequestId',
  'generation',
  'kind',
  'messageId',
  'organisationId',
  'referenceId',
  'sessionId',
  'status',
  'txnid',
]);

/** Long enough for error messages of AWS and Node. */
const MAX_TEXT_LENGTH = 500;
/** Deeper causes say nothing new. */
const MAX_CAUSE_DEPTH = 3;

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const NOT_JSON = ' is not valid JSON';

/** V8 quotes the text that `JSON.parse` failed on, which may be anything, quotes included: looked for from both ends. */
function withoutQuote(text: string): string {
  const begin = text.indexOf('"');
  const end = text.lastIndexOf(NOT_JSON);
  if (begin < 0 || end < begin) return text;
  return `${text.slice(0, begin).replace(/\.\.\.$/, '')}not valid JSON${text.slice(end + NOT_JSON.length)}`;
}

/**
 * Log lines with the fields above. Of errors only name, message and stack frames: AWS's errors contain whole answers
 * and items.
 */
class LogLine extends LogFormatter {
  override formatAttributes(
    { logLevel, message, timestamp, xRayTraceId, lambdaContext }: UnformattedAttributes,
    fields: LogAttributes,
  ): LogItem {
    const allowed = Object.entries(fields)
      .filter(([name]) => FIELDS.has(name))
      .map(([name, value]): [string, unknown] => [name, this.#shown(value)]);
    return new LogItem({
      attributes: {
        level: logLevel,
        message,
        timestamp: this.formatTimestamp(timestamp),
        function: lambdaContext?.functionName,
        requestId: lambdaContext?.awsRequestId,
        traceId: xRayTraceId,
        ...Object.fromEntries(allowed),
      },
    });
  }

  override formatError(error: Error): LogAttributes {
    return this.#described(error, 0);
  }

  #shown(value: unknown): unknown {
    if (value instanceof Error) return this.formatError(value);
    if (typeof value === 'string') return withoutQuote(value).slice(0, MAX_TEXT_LENGTH);
    return isScalar(value) ? value : undefined;
  }

  #described({ name, message, stack, cause }: Error, depth: number): LogAttributes {
    return {
      name,
      message: withoutQuote(message).slice(0, MAX_TEXT_LENGTH),
      // The lines before the frames repeat the message.
      stack: stack
        ?.split('\n')
        .filter((line) => /^\s+at /.test(line))
        .join('\n'),
      cause: cause instanceof Error && depth < MAX_CAUSE_DEPTH ? this.#described(cause, depth + 1) : undefined,
    };
  }
}

/** One per function. Its name and level come from the POWERTOOLS_ environment variables. */
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

/** Counts of this invocation. Each goes out as one value: Powertools would log every single one. */
const counts = new Map<Counter, number>();

/**
 * Counts and gauges go out as metrics in the embedded metric format, one log line per invocation. `service` is the only
 * dimension: we pay for every combination of dimensions.
 */
export const powertoolsTelemetry: Telemetry = {
  count: (counter, value = 1) => {
    if (value > 0) counts.set(counter, (counts.get(counter) ?? 0) + value);
  },
  gauge: (name, value) => {
    metrics.addMetric(name, UNITS[name], value);
  },
  warn: (message, fields) => logger.warn(message, { ...fields }),
};

/** Powertools' middleware would log a warning for every invocation without a metric. */
const publishMetrics = (): void => {
  for (const [counter, value] of counts) metrics.addMetric(counter, MetricUnit.Count, value);
  counts.clear();
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};

/** Wraps the handler of every function: log lines have the request's context, metrics go out at the end. */
export const instrumented = <Result>(run: (event: unknown, context: Context) => Promise<Result>) =>
  middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use({ after: publishMetrics, onError: publishMetrics })
    .handler(run);
