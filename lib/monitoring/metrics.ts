import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Counter, Gauge } from '#lambdas/platform/telemetry.ts';
import type { Stage } from '#lib/deployment.ts';
import type { Storage } from '#lib/storage.ts';
import { TABLE } from '#lib/topology.ts';

/** What Powertools calls the service; the only dimension of its metrics. */
export const SERVICE = 'bulk-data-fetch';

/** The CloudWatch namespace of a stage's metrics. */
export const metricsNamespace = ({ name }: Pick<Stage, 'name'>): string => `${SERVICE}/${name}`;

/** The period of alarms and graphs, unless they say otherwise. */
export const PERIOD = Duration.minutes(5);

/** The metrics that the functions emit, by their names in the telemetry: one that nothing emits doesn't compile. */
export class ServiceMetrics {
  readonly #namespace: string;

  constructor(stage: Stage) {
    this.#namespace = metricsNamespace(stage);
  }

  /** How many there were per period. */
  counter(name: Counter, label: string): Metric {
    return this.#metric(name, 'Sum', label);
  }

  /** @param statistic `Maximum`, `Sum`, `p95` … */
  gauge(name: Gauge, statistic: string, label: string): Metric {
    return this.#metric(name, statistic, label);
  }

  #metric(metricName: string, statistic: string, label: string): Metric {
    return new Metric({
      namespace: this.#namespace,
      metricName,
      dimensionsMap: { service: SERVICE },
      statistic,
      label,
      period: PERIOD,
    });
  }
}

/** One of DynamoDB's metrics, for the table and for its index, which DynamoDB counts separately. */
export function tableMetrics(
  { table }: Storage,
  metricName: string,
): { readonly table: Metric; readonly index: Metric } {
  const metric = (dimensions: Readonly<Record<string, string>>): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName, ...dimensions },
      statistic: 'Sum',
      period: PERIOD,
    });
  return { table: metric({}), index: metric({ GlobalSecondaryIndexName: TABLE.openBatches.indexName }) };
}
