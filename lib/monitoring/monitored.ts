import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IConstruct } from 'constructs';
import type { ChunkLoop } from '#lib/chunk-loop.ts';
import { ServiceFunction } from '#lib/service-function.ts';
import type { Storage } from '#lib/storage.ts';
import { WorkQueue } from '#lib/work-queue.ts';
import type { ServiceMetrics } from './metrics.ts';

/** Everything that alarms and dashboard look at. */
export interface Monitored {
  readonly metrics: ServiceMetrics;
  /** The functions behind the API. */
  readonly apiFunctions: readonly ServiceFunction[];
  /** The functions that work in the background. */
  readonly workers: readonly ServiceFunction[];
  readonly recovery: ServiceFunction;
  readonly queues: readonly WorkQueue[];
  readonly loop: ChunkLoop;
  readonly restApi: RestApi;
  readonly storage: Storage;
}

/** Every function under a construct: no new one can be left out of the monitoring. */
export const functionsUnder = (scope: IConstruct): readonly ServiceFunction[] =>
  scope.node.findAll().filter((construct) => construct instanceof ServiceFunction);

/** Every queue under a construct. */
export const queuesUnder = (scope: IConstruct): readonly WorkQueue[] =>
  scope.node.findAll().filter((construct) => construct instanceof WorkQueue);
