import { Alarm, ComparisonOperator, type IMetric, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** The sections of `docs/runbook.md`, by their anchors. */
export type RunbookSection =
  | 'batch-open-too-long'
  | 'recovery-stopped'
  | 'messages-too-old'
  | 'dead-letters'
  | 'chunk-given-up'
  | 'circuit-open'
  | 'credentials-refused'
  | 'upstream-failing'
  | 'rows-failing'
  | 'unclassified-errors'
  | 'api-answers-5xx'
  | 'function-errors'
  | 'throttles';

/** An alarm, with everything that the person it wakes up needs. */
export interface AlarmDefinition {
  /** The alarm's name, without service and stage. */
  readonly id: string;
  readonly runbookSection: RunbookSection;
  /** Sentences: what is wrong, and what it means for clients and batches. */
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** At or above the threshold, unless set. */
  readonly comparisonOperator?: ComparisonOperator;
  /** How many periods in a row must breach. 1 unless set. */
  readonly evaluationPeriods?: number;
  readonly treatMissingData: TreatMissingData;
}

/** Makes the alarm. Its description ends with a link to its section of the runbook, under `runbookUrl`. */
export function runbookAlarm(
  scope: Construct,
  service: string,
  runbookUrl: string,
  definition: AlarmDefinition,
): Alarm {
  const { id, runbookSection, description, metric, threshold, treatMissingData } = definition;
  const { evaluationPeriods = 1, comparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD } =
    definition;
  return new Alarm(scope, id, {
    alarmName: `${service}-${id}`,
    alarmDescription: `${description} Runbook: ${runbookUrl}#${runbookSection}`,
    metric,
    threshold,
    comparisonOperator,
    evaluationPeriods,
    datapointsToAlarm: evaluationPeriods,
    treatMissingData,
  });
}
