import * as z from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbChunks } from '../adapters/dynamodb/dynamodb-chunks.ts';
import { dynamoDbOpenBatches } from '../adapters/dynamodb/dynamodb-open-batches.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { reportsOnDemand } from '../adapters/s3/reports-on-demand.ts';
import { sqsChunkQueue } from '../adapters/sqs-chunk-queue.ts';
import { systemClock } from '../adapters/system.ts';
import { telemetryJournal } from '../adapters/telemetry.ts';
import { readSettings } from '../core/settings.ts';
import { recoverBatchesFunction } from './function.ts';

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
  batches: dynamoDbBatches(table, systemClock, settings),
  chunks: dynamoDbChunks(table, systemClock, settings),
  queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL, telemetryJournal),
  reports: reportsOnDemand(environment.BUCKET_NAME),
  clock: systemClock,
  journal: telemetryJournal,
  settings,
});
