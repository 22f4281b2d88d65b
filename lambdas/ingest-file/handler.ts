import * as z from 'zod';
import { connectAcceptance } from '../adapters/acceptance.ts';
import { dynamoDbOrganisations } from '../adapters/dynamodb/dynamodb-organisations.ts';
import { connectBucket } from '../adapters/s3/bucket.ts';
import { s3Files } from '../adapters/s3/s3-files.ts';
import { s3Reports } from '../adapters/s3/s3-reports.ts';
import { ingestFileFunction } from './function.ts';

const environment = z.object({ BUCKET_NAME: z.string() }).parse(process.env);
const bucket = connectBucket(environment.BUCKET_NAME);
const acceptance = connectAcceptance(process.env);

export const handler = ingestFileFunction({
  ...acceptance,
  organisations: dynamoDbOrganisations(acceptance.table),
  files: s3Files(bucket),
  reports: s3Reports(bucket),
});
