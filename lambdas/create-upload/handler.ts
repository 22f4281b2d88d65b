import * as z from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { connectBucket } from '../adapters/s3/bucket.ts';
import { s3UploadForms } from '../adapters/s3/s3-upload-forms.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { readSettings } from '../core/settings.ts';
import { createUploadFunction } from './function.ts';

const environment = z.object({ TABLE_NAME: z.string(), BUCKET_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);

export const handler = createUploadFunction({
  batches: dynamoDbBatches(table, systemClock, settings),
  clients: dynamoDbClients(table),
  uploadForms: s3UploadForms(connectBucket(environment.BUCKET_NAME)),
  clock: systemClock,
  ids: randomIds,
  settings,
});
