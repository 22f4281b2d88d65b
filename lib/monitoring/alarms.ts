import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { WorkQueue } from '#lib/work-queue.ts';
import { PERIOD, type ServiceMetrics } from './metrics.ts';
import type { Monitored } from './monitored.ts';
import { platformAlarms } from './platform-alarms.ts';
import type { AlarmDefinition } from './runbook-alarm.ts';

// Missing data. The functions emit a count only when there is something to count, SQS reports nothing for a queue that has been idle for six hours, and
// Lambda nothing for a function that wasn't called. So no data is good news: NOT_BREACHING. The two exceptions are about recovery, which runs every
// minute: its own silence is the alarm (BREACHING), and what only recovery can see stays as it was last seen (IGNORE), so that a batch that has been
// open for too long doesn't look finished because nobody checked.
const { NOT_BREACHING, BREACHING, IGNORE } = TreatMissingData;

/**
 * 10,000 rows take 20 to 30 minutes at an organisation's 1,000 calls per minute, so this is eight such batches in a row. A batch is given up after 24
 * hours, which leaves time to act.
 */
const OPEN_BATCH_LIMIT = Duration.hours(4);
/** A failed message is redelivered after six minutes. One that waits for more than twice that is stuck, or behind too many others. */
const MESSAGE_AGE_LIMIT = Duration.minutes(15);
/** A percentage of fewer calls or rows means nothing. */
const SMALLEST_SAMPLE = 100;

/** Every alarm of the service; nothing else makes one. */
export const alarmDefinitions = (monitored: Monitored): readonly AlarmDefinition[] => [
  ...batchAlarms(monitored),
  ...monitored.queues.flatMap(queueAlarms),
  ...upstreamAlarms(monitored.metrics),
  ...platformAlarms(monitored),
];

const batchAlarms = ({ metrics, recovery }: Monitored): AlarmDefinition[] => [
  {
    id: 'batch-open-too-long',
    runbookSection: 'batch-open-too-long',
    description: `A batch has been open for more than ${OPEN_BATCH_LIMIT.toHours()} hours. Its client is still waiting; after 24 hours its open rows are given up and FAILED.`,
    metric: metrics.gauge('OldestBatchSeconds', 'Maximum', 'oldest open batch'),
    threshold: OPEN_BATCH_LIMIT.toSeconds(),
    treatMissingData: IGNORE,
  },
  {
    id: 'recovery-stopped',
    runbookSection: 'recovery-stopped',
    description: `recover-batches hasn't run for ten minutes. Meanwhile, ${recovery.impactOfErrors}`,
    metric: recovery.lambda.metricInvocations({ period: PERIOD, label: 'recovery runs' }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 2,
    treatMissingData: BREACHING,
  },
  {
    id: 'chunk-given-up',
    runbookSection: 'chunk-given-up',
    description:
      'Rows were ended as FAILED without being processed, because their chunk stalled or their batch ran out of time. Clients can submit them again.',
    metric: metrics.counter('ChunkGivenUp', 'chunks given up'),
    threshold: 1,
    treatMissingData: NOT_BREACHING,
  },
  {
    id: 'rows-failing',
    runbookSection: 'rows-failing',
    description:
      'More than half of the rows that ended in the last 15 minutes FAILED. It may be one client with old consents, or a fault of ours that looks the same.',
    metric: new MathExpression({
      expression: `IF(FILL(completed, 0) + failed >= ${SMALLEST_SAMPLE}, 100 * failed / (FILL(completed, 0) + failed), 0)`,
      usingMetrics: {
        completed: metrics.counter('RowCompleted', 'completed'),
        failed: metrics.counter('RowFailed', 'failed'),
      },
      period: Duration.minutes(15),
      label: 'failed rows, %',
    }),
    threshold: 50,
    treatMissingData: NOT_BREACHING,
  },
];

const queueAlarms = ({ name, queue, deadLetterQueue, impactOfDeadLetters }: WorkQueue): AlarmDefinition[] => [
  {
    id: `${name}-messages-too-old`,
    runbookSection: 'messages-too-old',
    description: `A message has been in the queue of ${name} for more than ${MESSAGE_AGE_LIMIT.toMinutes()} minutes: the consumer is failing, or can't keep up.`,
    metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, label: `oldest message of ${name}` }),
    threshold: MESSAGE_AGE_LIMIT.toSeconds(),
    treatMissingData: NOT_BREACHING,
  },
  {
    id: `${name}-dead-letters`,
    runbookSection: 'dead-letters',
    description: `The dead-letter queue of ${name} has messages: ${impactOfDeadLetters}`,
    metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      period: PERIOD,
      label: `dead letters of ${name}`,
    }),
    threshold: 1,
    treatMissingData: NOT_BREACHING,
  },
];

const upstreamAlarms = (metrics: ServiceMetrics): AlarmDefinition[] => [
  {
    id: 'circuit-open',
    runbookSection: 'circuit-open',
    description:
      "FinPro isn't answering, or refuses our credentials, and calls to it have been stopped for several minutes. Rows wait; none fails because of this. Calls resume by themselves once FinPro answers.",
    metric: new MathExpression({
      // An open circuit lets one call through per minute. Three in five minutes is no blip: that would close at the first.
      expression: 'FILL(opened, 0) + FILL(trials, 0)',
      usingMetrics: {
        opened: metrics.counter('CircuitOpened', 'opened'),
        trials: metrics.counter('CircuitHalfOpen', 'half-open calls'),
      },
      period: PERIOD,
      label: 'circuits opened, and half-open calls',
    }),
    threshold: 3,
    treatMissingData: NOT_BREACHING,
  },
  {
    id: 'credentials-refused',
    runbookSection: 'credentials-refused',
    description:
      "FinPro refused an organisation's credentials, or they couldn't be read. Its rows wait until somebody fixes the credentials; this doesn't heal by itself.",
    metric: metrics.counter('UpstreamUnauthorized', 'calls refused with 401 or 403'),
    threshold: 1,
    treatMissingData: NOT_BREACHING,
  },
  {
    id: 'upstream-failing',
    runbookSection: 'upstream-failing',
    description:
      'For 15 minutes, at least a fifth of the calls to FinPro got no answer or a server error. Rows are retried, which takes time and budget; some will fail.',
    metric: new MathExpression({
      expression: `IF(whole >= ${SMALLEST_SAMPLE}, 100 * FILL(part, 0) / whole, 0)`,
      usingMetrics: {
        part: metrics.counter('UpstreamFault', 'failed calls'),
        whole: metrics.counter('UpstreamCall', 'calls'),
      },
      period: PERIOD,
      label: 'failed calls, %',
    }),
    threshold: 20,
    evaluationPeriods: 3,
    treatMissingData: NOT_BREACHING,
  },
  {
    id: 'unclassified-errors',
    runbookSection: 'unclassified-errors',
    description:
      "FinPro answered with an error that the service doesn't know. Rows that were refused so at once, or twice when polled, ended as FAILED and eligible for a retry, which may be wrong.",
    metric: metrics.counter('UpstreamUnclassified', 'unclassified errors'),
    threshold: 1,
    treatMissingData: NOT_BREACHING,
  },
];
