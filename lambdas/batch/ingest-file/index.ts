import * as z from 'zod';
import { dynamoDbOrganisations } from '#lambdas/clients/store.dynamodb.ts';
import { connectBucket, s3Files, s3Reports } from '../bucket.s3.ts';
import { connectAcceptance } from '../connect.ts';
import { sqsFileQueue } from '../file-queue.sqs.ts';
import { ingestFileFunction } from './handler.ts';

const environment = z.object({ BUCKET_NAME: z.string(), FILE_QUEUE_URL: z.string() }).parse(process.env);
const bucket = connectBucket(environment.BUCKET_NAME);
const acceptance = connectAcceptance(process.env);

export const handler = ingestFileFunction({
  ...acceptance,
  organisations: dynamoDbOrganisations(acceptance.table),
  files: s3Files(bucket),
  sortedFiles: sqsFileQueue(environment.FILE_QUEUE_URL),
  reports: s3Reports(bucket),
});
