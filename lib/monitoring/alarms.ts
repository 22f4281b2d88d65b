import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ServiceFunction } from '#lib/service-function.ts';
import type { WorkQueue } from '#lib/work-queue.ts';
import { PERIOD, type ServiceMetrics } from './metrics.ts';
import { tableMetrics, type Watched } from './monitored.ts';
import type { AlarmDefinition } from './runbook-alarm.ts';

// Missing data. The functions write a count when there is something to count, SQS reports nothing of a queue that has been idle for six hours, and
// Lambda nothing of a function that was not called: no data is good news, and NOT_BREACHING says so. The two exceptions are about recovery, which
// runs every minute: its own silence is the alarm (BREACHING), and what only it can see stays as it was last seen while it is silent (IGNORE), so that
// a batch that has been open for too long does not count as finished because nobody looks.
const { NOT_BREACHING, BREACHING, IGNORE } = TreatMissingData;

/**
 * A batch of 10,000 rows takes 30 to 40 minutes at its organisation's 1,000 calls a minute, and six of them one after the other four hours. A batch is
 * given up after 24 hours, so there is time left to do something.
 */
const LONGEST_BATCH = Duration.hours(4);
/** A message that fails is delivered again after six minutes; one that waits longer than two of these is stuck, or behind too many others. */
const OLDEST_MESSAGE = Duration.minutes(15);
/** Shares of fewer calls or rows than this say nothing. */
const ENOUGH = 100;

const sumOf = (metrics: readonly IMetric[], label: string): MathExpression =>
  // An alarm looks at ten metrics at the most (Amazon CloudWatch, "Create an alarm based on a metric math expression").
  new MathExpression({
    expression: 'SUM(METRICS())',
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: PERIOD,
    label,
  });

/** How many of a hundred are among `part`; 0 where there are not enough to say. */
const shareOf = (part: IMetric, whole: IMetric, period: Duration, label: string): MathExpression =>
  new MathExpression({
    expression: `IF(whole >= ${ENOUGH}, 100 * FILL(part, 0) / whole, 0)`,
    usingMetrics: { part, whole },
    period,
    label,
  });

/** Every alarm of the service, and nothing else makes one. */
export const alarmList = (watched: Watched): readonly AlarmDefinition[] => [
  ...batchAlarms(watched),
  ...watched.queues.flatMap(queueAlarms),
  ...upstreamAlarms(watched.metrics),
  ...platformAlarms(watched),
];

const batchAlarms = ({ metrics, recovery }: Watched): AlarmDefinition[] => [
  {
    id: 'batch-open-too-long',
    section: 'batch-open-too-long',
    says: `A batch has been open for more than ${LONGEST_BATCH.toHours()} hours. Its client is still waiting; after 24 hours its open rows are given up.`,
    metric: metrics.value('OldestBatchSeconds', 'Maximum', 'oldest open batch'),
    threshold: LONGEST_BATCH.toSeconds(),
    missing: IGNORE,
  },
  {
    id: 'recovery-stopped',
    section: 'recovery-stopped',
    says: `recover-batches has not run for ten minutes. While it does not, ${recovery.impactOfErrors}`,
    metric: recovery.lambda.metricInvocations({ period: PERIOD, label: 'runs of recovery' }),
    threshold: 1,
    below: true,
    periods: 2,
    missing: BREACHING,
  },
  {
    id: 'chunk-given-up',
    section: 'chunk-given-up',
    says: 'Rows were ended FAILED without having been processed, because their chunk stood still or their batch ran out of time. Clients may submit them again.',
    metric: metrics.count('ChunkGivenUp', 'chunks given up'),
    threshold: 1,
    missing: NOT_BREACHING,
  },
  {
    id: 'rows-failing',
    section: 'rows-failing',
    says: 'More than half of the rows that ended in a quarter of an hour have FAILED. It may be one client with old consents, or a fault that looks like one.',
    metric: new MathExpression({
      expression: `IF(FILL(completed, 0) + failed >= ${ENOUGH}, 100 * failed / (FILL(completed, 0) + failed), 0)`,
      usingMetrics: {
        completed: metrics.count('RowCompleted', 'completed'),
        failed: metrics.count('RowFailed', 'failed'),
      },
      period: Duration.minutes(15),
      label: 'failed rows, %',
    }),
    threshold: 50,
    missing: NOT_BREACHING,
  },
];

const queueAlarms = ({ name, queue, deadLetters, impactOfDeadLetters }: WorkQueue): AlarmDefinition[] => [
  {
    id: `${name}-messages-too-old`,
    section: 'messages-too-old',
    says: `A message in the queue of ${name} has been waiting for more than ${OLDEST_MESSAGE.toMinutes()} minutes: its consumer fails, or cannot keep up.`,
    metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, label: `oldest message of ${name}` }),
    threshold: OLDEST_MESSAGE.toSeconds(),
    missing: NOT_BREACHING,
  },
  {
    id: `${name}-dead-letters`,
    section: 'dead-letters',
    says: `There are messages in the dead-letter queue of ${name}: ${impactOfDeadLetters}`,
    metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: `dead letters of ${name}` }),
    threshold: 1,
    missing: NOT_BREACHING,
  },
];

const upstreamAlarms = (metrics: ServiceMetrics): AlarmDefinition[] => [
  {
    id: 'circuit-open',
    section: 'circuit-open',
    says: 'FinPro does not answer, or refuses our credentials, and calls have been stopped for some minutes. Rows wait, none of them fails for it, and the calls go on by themselves once FinPro answers.',
    metric: new MathExpression({
      // An open circuit is tried once a minute: three in five minutes are no blip, which closes at its first trial.
      expression: 'FILL(opened, 0) + FILL(trials, 0)',
      usingMetrics: {
        opened: metrics.count('CircuitOpened', 'opened'),
        trials: metrics.count('CircuitHalfOpen', 'trials'),
      },
      period: PERIOD,
      label: 'circuits opened or tried',
    }),
    threshold: 3,
    missing: NOT_BREACHING,
  },
  {
    id: 'credentials-refused',
    section: 'credentials-refused',
    says: "FinPro has refused an organisation's credentials, or they could not be read. Its rows wait until somebody puts good ones there; nothing heals this by itself.",
    metric: metrics.count('UpstreamUnauthorized', 'calls refused with 401 or 403'),
    threshold: 1,
    missing: NOT_BREACHING,
  },
  {
    id: 'upstream-failing',
    section: 'upstream-failing',
    says: 'For a quarter of an hour, a fifth of the calls to FinPro have not been answered, or with a server error. Rows are tried again, which takes time and budget; some will fail.',
    metric: shareOf(
      metrics.count('UpstreamFault', 'calls that failed'),
      metrics.count('UpstreamCall', 'calls'),
      PERIOD,
      'failing calls, %',
    ),
    threshold: 20,
    periods: 3,
    missing: NOT_BREACHING,
  },
  {
    id: 'unclassified-errors',
    section: 'unclassified-errors',
    says: 'FinPro answered with an error that the service does not know. The rows ended FAILED as if trying again could help, which may be wrong.',
    metric: metrics.count('UpstreamUnclassified', 'unclassified errors'),
    threshold: 1,
    missing: NOT_BREACHING,
  },
];

const platformAlarms = ({ apiFunctions, workers, restApi, storage, loop }: Watched): AlarmDefinition[] => {
  const throttlesOf = (functions: readonly ServiceFunction[]): IMetric[] =>
    functions.map(({ lambda, name }) => lambda.metricThrottles({ period: PERIOD, label: name }));
  const tableThrottles = ['ReadThrottleEvents', 'WriteThrottleEvents'].flatMap((metricName) =>
    Object.values(tableMetrics(storage, metricName)),
  );
  const throttles = { section: 'throttles', threshold: 1, periods: 2, missing: NOT_BREACHING } as const;
  return [
    {
      id: 'api-answers-5xx',
      section: 'api-answers-5xx',
      says: 'Clients are answered 5xx. They can safely repeat what they sent; accepted batches go on.',
      metric: restApi.metricServerError({ period: PERIOD, statistic: 'Sum', label: '5xx' }),
      threshold: 5,
      missing: NOT_BREACHING,
    },
    ...[...apiFunctions, ...workers].map(
      ({ name, lambda, impactOfErrors }): AlarmDefinition => ({
        id: `${name}-errors`,
        section: 'function-errors',
        says: `${name} dies or throws. While it fails: ${impactOfErrors}`,
        metric: lambda.metricErrors({ period: PERIOD, label: `errors of ${name}` }),
        threshold: 3,
        missing: NOT_BREACHING,
      }),
    ),
    {
      ...throttles,
      id: 'api-throttled',
      says: 'Lambda refuses to run functions of the API: the account has no concurrency left. Clients are answered 5xx.',
      metric: sumOf(throttlesOf(apiFunctions), 'throttled calls'),
    },
    {
      ...throttles,
      id: 'workers-throttled',
      says: 'Lambda refuses to run functions that process batches: the account has no concurrency left. Batches take longer, and recovery starts chunks again.',
      metric: sumOf(throttlesOf(workers), 'throttled calls'),
    },
    {
      ...throttles,
      id: 'table-throttled',
      says: 'DynamoDB refuses reads or writes of the table. They are repeated; while it lasts, everything is slower, and some calls fail.',
      metric: sumOf(tableThrottles, 'throttled reads and writes'),
    },
    {
      ...throttles,
      id: 'loop-throttled',
      says: "Step Functions holds back the chunks' executions: the account has used up its state transitions. Batches take longer.",
      metric: loop.stateMachine.metricThrottled({ period: PERIOD, statistic: 'Sum', label: 'throttled transitions' }),
    },
  ];
};
