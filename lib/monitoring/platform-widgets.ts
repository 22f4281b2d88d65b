import type { IMetric, IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { ServiceFunction } from '#lib/service-function.ts';
import { PERIOD, tableMetrics } from './metrics.ts';
import type { Monitored } from './monitored.ts';
import { graph, stackedGraph } from './widgets.ts';

/** How many messages wait, for how long, and how many ended in a dead-letter queue. */
export function queueWidgets({ queues, loop }: Monitored): IWidget[] {
  const { stateMachine } = loop;
  const options = { period: PERIOD, statistic: 'Sum' };
  return [
    graph(
      'Messages waiting and in flight',
      queues.flatMap(({ name, queue }) => [
        queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: `${name}: waiting` }),
        queue.metricApproximateNumberOfMessagesNotVisible({ period: PERIOD, label: `${name}: in flight` }),
      ]),
      6,
    ),
    graph(
      'Oldest message, s',
      queues.map(({ name, queue }) =>
        queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum', label: name }),
      ),
      6,
    ),
    graph(
      'Dead letters (0 is healthy)',
      queues.map(({ name, deadLetterQueue }) =>
        deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: name }),
      ),
      6,
    ),
    graph(
      'Chunk executions',
      [
        stateMachine.metricStarted({ ...options, label: 'started' }),
        stateMachine.metricSucceeded({ ...options, label: 'succeeded' }),
        stateMachine.metricFailed({ ...options, label: 'failed' }),
        stateMachine.metricTimedOut({ ...options, label: 'timed out' }),
        stateMachine.metricThrottled({ ...options, label: 'throttled' }),
      ],
      6,
    ),
  ];
}

/** Per function: errors, throttles, duration and concurrency. */
export function functionWidgets({ apiFunctions, workers }: Monitored): IWidget[] {
  const each = (metric: (one: ServiceFunction) => IMetric): IMetric[] => [...workers, ...apiFunctions].map(metric);
  return [
    stackedGraph(
      'Errors',
      each(({ lambda, name }) => lambda.metricErrors({ period: PERIOD, label: name })),
      6,
    ),
    stackedGraph(
      'Throttles',
      each(({ lambda, name }) => lambda.metricThrottles({ period: PERIOD, label: name })),
      6,
    ),
    graph(
      'Duration p95, ms',
      each(({ lambda, name }) => lambda.metricDuration({ period: PERIOD, statistic: 'p95', label: name })),
      6,
    ),
    graph(
      'Concurrent executions',
      each(({ lambda, name }) =>
        lambda.metric('ConcurrentExecutions', { period: PERIOD, statistic: 'Maximum', label: name }),
      ),
      6,
    ),
  ];
}

/** The API as its clients see it. */
export function apiWidgets({ restApi }: Monitored): IWidget[] {
  const options = { period: PERIOD, statistic: 'Sum' };
  return [
    graph('Requests', [restApi.metricCount({ ...options, label: 'requests' })]),
    graph('Answers 4xx and 5xx', [
      restApi.metricClientError({ ...options, label: '4xx' }),
      restApi.metricServerError({ ...options, label: '5xx' }),
    ]),
    graph(
      'Latency, ms',
      ['p50', 'p95', 'p99'].map((statistic) => restApi.metricLatency({ period: PERIOD, statistic, label: statistic })),
    ),
  ];
}

/** What the table consumed, and what it throttled. */
export function tableWidgets({ storage }: Monitored): IWidget[] {
  const read = tableMetrics(storage, 'ConsumedReadCapacityUnits');
  const written = tableMetrics(storage, 'ConsumedWriteCapacityUnits');
  const readThrottles = tableMetrics(storage, 'ReadThrottleEvents');
  const writeThrottles = tableMetrics(storage, 'WriteThrottleEvents');
  return [
    graph(
      'Capacity units consumed',
      [
        read.table.with({ label: 'reads' }),
        written.table.with({ label: 'writes' }),
        written.index.with({ label: 'index writes' }),
      ],
      12,
    ),
    graph(
      'Table throttles (0 is healthy)',
      [
        readThrottles.table.with({ label: 'reads' }),
        writeThrottles.table.with({ label: 'writes' }),
        writeThrottles.index.with({ label: 'index writes' }),
      ],
      12,
    ),
  ];
}
