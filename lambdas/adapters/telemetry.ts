import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Journal } from '../core/ports.ts';

/** One of each per function; names and levels come from the POWERTOOLS_ environment variables. */
export const logger = new Logger();
const metrics = new Metrics();

/** Counts go out as metrics in the embedded metric format, without dimensions but the service; notes are log lines. */
export const telemetryJournal: Journal = {
  count: (measure, value = 1) => {
    if (value > 0) metrics.addMetric(measure, MetricUnit.Count, value);
  },
  note: (message, fields) => logger.warn(message, { ...fields }),
};

/** Powertools' own middleware would log a warning for every invocation that counts nothing. */
const publishMetrics = (): void => {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};

/** The handler of every function: its log lines carry the request's context, its metrics go out at the end. */
export const instrumented = <Result>(run: (event: unknown, context: Context) => Promise<Result>) =>
  middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use({ after: publishMetrics, onError: publishMetrics })
    .handler(run);
