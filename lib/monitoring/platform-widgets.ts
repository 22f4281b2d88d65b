import type { IMetric, IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { ServiceFunction } from '#lib/service-function.ts';
import { PERIOD } from './metrics.ts';
import { tableMetrics, type Watched } from './monitored.ts';
import { graph, stack } from './widgets.ts';

/** How much waits in the queues, for how long, and what has died there. */
export function queueWidgets({ queues, loop }: Watched): IWidget[] {
  const { stateMachine } = loop;
  const options = { period: PERIOD, statistic: 'Sum' };
  return [
    graph(
      'Messages waiting, or being worked on',
      queues.flatMap(({ name, queue }) => [
        queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: `${name}: waiting` }),
        queue.metricApproximateNumberOfMessagesNotVisible({ period: PERIOD, label: `${name}: in work` }),
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
      'Dead letters: none is good',
      queues.map(({ name, deadLetters }) =>
        deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: name }),
      ),
      6,
    ),
    graph(
      'Executions of chunks',
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

/** Each function: what it throws, how often it was not let run, and how long it takes. */
export function functionWidgets({ apiFunctions, workers }: Watched): IWidget[] {
  const each = (metric: (one: ServiceFunction) => IMetric): IMetric[] => [...workers, ...apiFunctions].map(metric);
  return [
    stack(
      'Errors',
      each(({ lambda, name }) => lambda.metricErrors({ period: PERIOD, label: name })),
      6,
    ),
    stack(
      'Throttles',
      each(({ lambda, name }) => lambda.metricThrottles({ period: PERIOD, label: name })),
      6,
    ),
    graph(
      'Duration of 95 %, ms',
      each(({ lambda, name }) => lambda.metricDuration({ period: PERIOD, statistic: 'p95', label: name })),
      6,
    ),
    graph(
      'Running at once',
      each(({ lambda, name }) =>
        lambda.metric('ConcurrentExecutions', { period: PERIOD, statistic: 'Maximum', label: name }),
      ),
      6,
    ),
  ];
}

/** What clients see of the API. */
export function apiWidgets({ restApi }: Watched): IWidget[] {
  const options = { period: PERIOD, statistic: 'Sum' };
  return [
    graph('Requests', [restApi.metricCount({ ...options, label: 'requests' })]),
    graph('Refused and failed', [
      restApi.metricClientError({ ...options, label: '4xx' }),
      restApi.metricServerError({ ...options, label: '5xx' }),
    ]),
    graph(
      'Time to answer, ms',
      ['p50', 'p95', 'p99'].map((statistic) => restApi.metricLatency({ period: PERIOD, statistic, label: statistic })),
    ),
  ];
}

/** What the table was asked for, and what it refused. */
export function tableWidgets({ storage }: Watched): IWidget[] {
  const read = tableMetrics(storage, 'ConsumedReadCapacityUnits');
  const written = tableMetrics(storage, 'ConsumedWriteCapacityUnits');
  const readRefused = tableMetrics(storage, 'ReadThrottleEvents');
  const writeRefused = tableMetrics(storage, 'WriteThrottleEvents');
  return [
    graph(
      'Units used',
      [
        read.table.with({ label: 'read' }),
        written.table.with({ label: 'written' }),
        written.index.with({ label: 'index' }),
      ],
      12,
    ),
    graph(
      'Refused: none is good',
      [
        readRefused.table.with({ label: 'reads' }),
        writeRefused.table.with({ label: 'writes' }),
        writeRefused.index.with({ label: 'writes of the index' }),
      ],
      12,
    ),
  ];
}
