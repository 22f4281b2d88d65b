import { type IWidget, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { UPSTREAM_ERRORS } from '#lambdas/upstream/failures.ts';
import { batchCost } from './batch-cost.ts';
import { PERIOD } from './metrics.ts';
import type { Watched } from './monitored.ts';
import { figures, graph, stack, totals } from './widgets.ts';

/** Batches, rows and chunks: how many are where, and how long they take. What is open now is as recovery saw it, every minute. */
export function batchWidgets({ metrics }: Watched): IWidget[][] {
  const open = metrics.value('OpenBatches', 'Maximum', 'open batches');
  const oldest = metrics.value('OldestBatchSeconds', 'Maximum', 'oldest open batch, s');
  const ready = metrics.value('ReadyRows', 'Maximum', 'READY');
  const inProgress = metrics.value('RowsInProgress', 'Maximum', 'IN_PROGRESS');
  const overdue = metrics.value('OverdueChunkSeconds', 'Maximum', 'longest overdue, s');
  const duration = (statistic: string, label: string) => metrics.value('BatchSeconds', statistic, label);
  return [
    [
      figures('Open now', [open, oldest, ready, inProgress, overdue], 15),
      totals(
        'In the time shown',
        [
          metrics.count('BatchAccepted', 'batches accepted'),
          metrics.count('BatchFinished', 'batches finished'),
          metrics.count('FileRejected', 'files rejected'),
        ],
        9,
      ),
    ],
    [
      graph('Batches', [open, metrics.count('BatchAccepted', 'accepted'), metrics.count('BatchFinished', 'finished')]),
      stack('Rows of open batches, by state', [ready, inProgress]),
      stack('Rows that ended', [metrics.count('RowCompleted', 'COMPLETED'), metrics.count('RowFailed', 'FAILED')]),
    ],
    [
      graph('From acceptance to completion, s', [
        duration('p50', 'half of the batches'),
        duration('p95', '95 %'),
        duration('Maximum', 'slowest'),
      ]),
      graph('Age: oldest open batch, and the chunk that stands still longest past its time, s', [oldest, overdue]),
      graph('Chunks helped on: none is good', [
        metrics.count('ChunkRecovered', 'queued again'),
        metrics.count('ChunkGivenUp', 'given up'),
        metrics.count('TaskUnsent', 'not queued at first'),
      ]),
    ],
  ];
}

/** The calls to FinPro: how many, how fast, what goes wrong, and what of the budget they use. */
export function upstreamWidgets({ metrics }: Watched): IWidget[][] {
  const calls = metrics.count('UpstreamCall', 'calls');
  const mean = new MathExpression({
    expression: 'time / calls',
    usingMetrics: { time: metrics.value('UpstreamMilliseconds', 'Sum', 'time'), calls },
    period: PERIOD,
    label: 'mean',
  });
  const rounds = new MathExpression({
    expression: 'polls / (FILL(completed, 0) + FILL(failed, 0))',
    usingMetrics: {
      polls: metrics.count('UpstreamPoll', 'polls'),
      completed: metrics.count('RowCompleted', 'completed'),
      failed: metrics.count('RowFailed', 'failed'),
    },
    period: PERIOD,
    label: 'polls for each row that ended',
  });
  return [
    [
      graph('Calls', [calls, metrics.count('UpstreamPoll', 'of them polls')]),
      graph('Time that a call takes, ms', [mean, metrics.value('SlowestCallMilliseconds', 'Maximum', 'slowest')]),
      graph('Budget used, % of the window, as FinPro says', [
        metrics.value('BudgetUsedPercent', 'Maximum', 'most used of any organisation'),
        metrics.value('BudgetUsedPercent', 'Average', 'mean'),
      ]),
    ],
    [
      stack(
        'Errors by code',
        UPSTREAM_ERRORS.map((name) => metrics.count(`UpstreamError.${name}`, name)),
      ),
      graph('Poll rounds a row', [rounds]),
      graph('Stopped: none is good', [
        metrics.count('CircuitOpened', 'circuit opened'),
        metrics.count('CircuitHalfOpen', 'open circuit tried'),
        metrics.count('UpstreamUnauthorized', 'credentials refused'),
        metrics.count('UpstreamRateLimited', 'rate limit met'),
        metrics.count('UpstreamUnclassified', 'unclassified errors'),
      ]),
    ],
  ];
}

/** What it costs, over the time that is shown. */
export function costWidgets(watched: Watched, region: string): IWidget[] {
  const { metrics } = watched;
  return [
    totals('AWS cost', batchCost(watched, region), 12),
    totals(
      'For',
      [
        metrics.count('BatchFinished', 'batches'),
        metrics.count('RowCompleted', 'rows COMPLETED'),
        metrics.count('RowFailed', 'rows FAILED'),
      ],
      12,
    ),
  ];
}
