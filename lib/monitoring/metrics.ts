import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Counter, Gauge } from '#lambdas/platform/telemetry.ts';
import type { Stage } from '#lib/deployment.ts';

/** What Powertools calls the service; the one dimension of its metrics. */
export const SERVICE = 'bulk-data-fetch';

/** Where the metrics of a stage are. */
export const metricsNamespace = ({ name }: Pick<Stage, 'name'>): string => `${SERVICE}/${name}`;

/** The period of alarms and graphs, unless they say otherwise. */
export const PERIOD = Duration.minutes(5);

/** The metrics that the functions write, by the names of the journal: one that nothing counts does not compile. */
export class ServiceMetrics {
  readonly #namespace: string;

  constructor(stage: Stage) {
    this.#namespace = metricsNamespace(stage);
  }

  /** How many there were in a period. */
  count(measure: Counter, label: string): Metric {
    return this.#metric(measure, 'Sum', label);
  }

  /** @param statistic `Maximum`, `Sum`, `p95` … */
  value(quantity: Gauge, statistic: string, label: string): Metric {
    return this.#metric(quantity, statistic, label);
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
