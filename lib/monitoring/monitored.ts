import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import type { ChunkLoop } from '#lib/chunk-loop.ts';
import { ServiceFunction } from '#lib/service-function.ts';
import type { Storage } from '#lib/storage.ts';
import { TABLE } from '#lib/topology.ts';
import { WorkQueue } from '#lib/work-queue.ts';
import { PERIOD, type ServiceMetrics } from './metrics.ts';

/** All that alarms and dashboard look at. */
export interface Watched {
  readonly metrics: ServiceMetrics;
  /** The functions behind the API, and those that work by themselves. */
  readonly apiFunctions: readonly ServiceFunction[];
  readonly workers: readonly ServiceFunction[];
  readonly recovery: ServiceFunction;
  readonly queues: readonly WorkQueue[];
  readonly loop: ChunkLoop;
  readonly restApi: RestApi;
  readonly storage: Storage;
}

/** Every function under a construct: whoever makes one cannot forget to have it watched. */
export const functionsUnder = (scope: IConstruct): readonly ServiceFunction[] =>
  scope.node.findAll().filter((each) => each instanceof ServiceFunction);

/** Every queue under a construct. */
export const queuesUnder = (scope: IConstruct): readonly WorkQueue[] =>
  scope.node.findAll().filter((each) => each instanceof WorkQueue);

/** A metric that DynamoDB counts for the table, and the same for its index, whose units it counts apart. */
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
