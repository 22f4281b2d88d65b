import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ServiceFunction } from '#lib/service-function.ts';
import { PERIOD, tableMetrics } from './metrics.ts';
import type { Monitored } from './monitored.ts';
import type { AlarmDefinition } from './runbook-alarm.ts';

const { NOT_BREACHING } = TreatMissingData;

/** What AWS's own metrics tell: answers and errors of API and functions, and whatever is throttled. */
export const platformAlarms = (monitored: Monitored): AlarmDefinition[] => [
  {
    id: 'api-answers-5xx',
    runbookSection: 'api-answers-5xx',
    description: "Clients are getting 5xx answers. They can safely retry; accepted batches aren't affected.",
    metric: monitored.restApi.metricServerError({ period: PERIOD, statistic: 'Sum', label: '5xx' }),
    threshold: 5,
    treatMissingData: NOT_BREACHING,
  },
  ...[...monitored.apiFunctions, ...monitored.workers].map(errorAlarm),
  ...throttleAlarms(monitored),
];

const errorAlarm = ({ name, lambda, impactOfErrors }: ServiceFunction): AlarmDefinition => ({
  id: `${name}-errors`,
  runbookSection: 'function-errors',
  description: `${name} is crashing or throwing. While it fails: ${impactOfErrors}`,
  metric: lambda.metricErrors({ period: PERIOD, label: `errors of ${name}` }),
  threshold: 3,
  treatMissingData: NOT_BREACHING,
});

function throttleAlarms({ apiFunctions, workers, storage, loop }: Monitored): AlarmDefinition[] {
  const throttlesOf = (functions: readonly ServiceFunction[]): IMetric[] =>
    functions.map(({ lambda, name }) => lambda.metricThrottles({ period: PERIOD, label: name }));
  const tableThrottles = ['ReadThrottleEvents', 'WriteThrottleEvents'].flatMap((metricName) =>
    Object.values(tableMetrics(storage, metricName)),
  );
  const throttles = {
    runbookSection: 'throttles',
    threshold: 1,
    evaluationPeriods: 2,
    treatMissingData: NOT_BREACHING,
  } as const;
  return [
    {
      ...throttles,
      id: 'api-throttled',
      description:
        'Lambda is throttling functions of the API: the account is out of concurrency. Clients get 5xx answers.',
      metric: sumOf(throttlesOf(apiFunctions), 'throttled calls'),
    },
    {
      ...throttles,
      id: 'workers-throttled',
      description:
        'Lambda is throttling functions that process batches: the account is out of concurrency. Batches take longer, and recovery restarts their chunks.',
      metric: sumOf(throttlesOf(workers), 'throttled calls'),
    },
    {
      ...throttles,
      id: 'table-throttled',
      description:
        'DynamoDB is throttling reads or writes of the table. They are retried; meanwhile everything is slower, and some calls fail.',
      metric: sumOf(tableThrottles, 'throttled reads and writes'),
    },
    {
      ...throttles,
      id: 'loop-throttled',
      description:
        "Step Functions is throttling the chunks' executions: the account is out of state transitions. Batches take longer.",
      metric: loop.stateMachine.metricThrottled({ period: PERIOD, statistic: 'Sum', label: 'throttled transitions' }),
    },
  ];
}

const sumOf = (metrics: readonly IMetric[], label: string): MathExpression =>
  // An alarm looks at ten metrics at most (Amazon CloudWatch, "Create an alarm based on a metric math expression").
  new MathExpression({
    expression: 'SUM(METRICS())',
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: PERIOD,
    label,
  });
