import * as z from 'zod';
import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { randomIds, systemClock } from '#lambdas/platform/system.ts';
import { connectBucket, s3UploadPresigner } from '../bucket.s3.ts';
import { dynamoDbBatches } from '../store.dynamodb.ts';
import { createUploadFunction } from './handler.ts';

const environment = z.object({ TABLE_NAME: z.string(), BUCKET_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);

export const handler = createUploadFunction({
  batches: dynamoDbBatches(table),
  clients: dynamoDbClients(table),
  calls: dynamoDbCalls(table),
  presigner: s3UploadPresigner(connectBucket(environment.BUCKET_NAME)),
  clock: systemClock,
  ids: randomIds,
  settings,
});
