import { type IWidget, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { UPSTREAM_ERRORS } from '#lambdas/upstream/failures.ts';
import { batchCost } from './batch-cost.ts';
import { PERIOD } from './metrics.ts';
import type { Monitored } from './monitored.ts';
import { graph, latestValues, stackedGraph, totals } from './widgets.ts';

/** Batches, rows and chunks: how many are in which state, and how long they take. What is open now is what recovery saw in its last run, every minute. */
export function batchWidgets({ metrics }: Monitored): IWidget[][] {
  const open = metrics.gauge('OpenBatches', 'Maximum', 'open batches');
  const oldest = metrics.gauge('OldestBatchSeconds', 'Maximum', 'oldest open batch, s');
  const ready = metrics.gauge('ReadyRows', 'Maximum', 'READY');
  const inProgress = metrics.gauge('RowsInProgress', 'Maximum', 'IN_PROGRESS');
  const overdue = metrics.gauge('OverdueChunkSeconds', 'Maximum', 'most overdue chunk, s');
  const duration = (statistic: string, label: string) => metrics.gauge('BatchSeconds', statistic, label);
  return [
    [
      latestValues('Open now', [open, oldest, ready, inProgress, overdue], 15),
      totals(
        'In this time range',
        [
          metrics.counter('BatchAccepted', 'batches accepted'),
          metrics.counter('BatchFinished', 'batches finished'),
          metrics.counter('FileRejected', 'files rejected'),
        ],
        9,
      ),
    ],
    [
      graph('Batches', [
        open,
        metrics.counter('BatchAccepted', 'accepted'),
        metrics.counter('BatchFinished', 'finished'),
      ]),
      stackedGraph('Rows of open batches, by status', [ready, inProgress]),
      stackedGraph('Rows ended', [
        metrics.counter('RowCompleted', 'COMPLETED'),
        metrics.counter('RowFailed', 'FAILED'),
      ]),
    ],
    [
      graph('From acceptance to completion, s', [
        duration('p50', 'p50'),
        duration('p95', 'p95'),
        duration('Maximum', 'slowest'),
      ]),
      graph('Oldest open batch and most overdue chunk, s', [oldest, overdue]),
      graph('Chunks re-queued by recovery (0 is healthy)', [
        metrics.counter('ChunkRecovered', 're-queued'),
        metrics.counter('ChunkGivenUp', 'given up'),
        metrics.counter('TaskUnsent', 'first message not sent'),
      ]),
    ],
  ];
}

/** Calls to FinPro: how many, how fast, what fails, and how much of the budget they use. */
export function upstreamWidgets({ metrics }: Monitored): IWidget[][] {
  const calls = metrics.counter('UpstreamCall', 'calls');
  const mean = new MathExpression({
    expression: 'time / calls',
    usingMetrics: { time: metrics.gauge('UpstreamMilliseconds', 'Sum', 'time'), calls },
    period: PERIOD,
    label: 'mean',
  });
  const pollsPerRow = new MathExpression({
    expression: 'polls / (FILL(completed, 0) + FILL(failed, 0))',
    usingMetrics: {
      polls: metrics.counter('UpstreamPoll', 'polls'),
      completed: metrics.counter('RowCompleted', 'completed'),
      failed: metrics.counter('RowFailed', 'failed'),
    },
    period: PERIOD,
    label: 'polls per ended row',
  });
  return [
    [
      graph('Calls to FinPro', [calls, metrics.counter('UpstreamPoll', 'of which polls')]),
      graph('Time per call, ms', [mean, metrics.gauge('SlowestCallMilliseconds', 'Maximum', 'slowest')]),
      graph("Budget used, % of the rate window, from FinPro's headers", [
        metrics.gauge('BudgetUsedPercent', 'Maximum', 'highest of any organisation'),
        metrics.gauge('BudgetUsedPercent', 'Average', 'mean'),
      ]),
    ],
    [
      stackedGraph(
        'Errors by code',
        UPSTREAM_ERRORS.map((name) => metrics.counter(`UpstreamError.${name}`, name)),
      ),
      graph('Polls per row', [pollsPerRow]),
      graph('Calls held back (0 is healthy)', [
        metrics.counter('CircuitOpened', 'circuit opened'),
        metrics.counter('CircuitHalfOpen', 'half-open calls'),
        metrics.counter('UpstreamUnauthorized', 'credentials refused'),
        metrics.counter('UpstreamRateLimited', 'rate limit hit (429)'),
        metrics.counter('UpstreamUnclassified', 'unclassified errors'),
        metrics.counter('UpstreamMismatch', 'answers about another session'),
      ]),
    ],
  ];
}

/** The cost over the time range shown, and the work it paid for. */
export function costWidgets(monitored: Monitored, region: string): IWidget[] {
  const { metrics } = monitored;
  return [
    totals('AWS cost', batchCost(monitored, region), 12),
    totals(
      'Work done in this time range',
      [
        metrics.counter('BatchFinished', 'batches'),
        metrics.counter('RowCompleted', 'rows COMPLETED'),
        metrics.counter('RowFailed', 'rows FAILED'),
      ],
      12,
    ),
  ];
}
