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

/** An alarm, with all that the person it wakes wants to know. */
export interface AlarmDefinition {
  /** Its name, without service and stage. */
  readonly id: string;
  readonly section: RunbookSection;
  /** Sentences: what is the matter, and what clients and batches suffer. */
  readonly says: string;
  readonly metric: IMetric;
  /** It is raised at this value and above, or `below` it. */
  readonly threshold: number;
  readonly below?: true;
  /** In how many periods in a row. 1 unless set. */
  readonly periods?: number;
  readonly missing: TreatMissingData;
}

/** Makes the alarm. Its text ends with the link to its section of the runbook, under `runbookUrl`. */
export function runbookAlarm(
  scope: Construct,
  service: string,
  runbookUrl: string,
  definition: AlarmDefinition,
): Alarm {
  const { id, section, says, metric, threshold, below, periods = 1, missing } = definition;
  return new Alarm(scope, id, {
    alarmName: `${service}-${id}`,
    alarmDescription: `${says} Runbook: ${runbookUrl}#${section}`,
    metric,
    threshold,
    comparisonOperator:
      below === true ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: periods,
    datapointsToAlarm: periods,
    treatMissingData: missing,
  });
}
