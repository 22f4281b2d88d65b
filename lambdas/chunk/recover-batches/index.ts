import * as z from 'zod';
import { reportsOnDemand } from '#lambdas/batch/reports.s3.ts';
import { dynamoDbBatches, dynamoDbOpenBatches } from '#lambdas/batch/store.dynamodb.ts';
import { connectTable } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { systemClock } from '#lambdas/platform/system.ts';
import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import { sqsChunkQueue } from '../queue.sqs.ts';
import { dynamoDbChunks } from '../store.dynamodb.ts';
import { recoverBatchesFunction } from './handler.ts';

const environment = z
  .object({
    TABLE_NAME: z.string(),
    OPEN_BATCHES_INDEX: z.string(),
    CHUNK_QUEUE_URL: z.string(),
    BUCKET_NAME: z.string(),
  })
  .parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);
export const handler = recoverBatchesFunction({
  openBatches: dynamoDbOpenBatches(table, environment.OPEN_BATCHES_INDEX),
  batches: dynamoDbBatches(table),
  chunks: dynamoDbChunks(table, systemClock, settings),
  queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL, powertoolsTelemetry),
  reports: reportsOnDemand(environment.BUCKET_NAME),
  clock: systemClock,
  telemetry: powertoolsTelemetry,
  settings,
});
