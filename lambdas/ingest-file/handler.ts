import { z } from 'zod';
import { connectAcceptance } from '../adapters/acceptance.ts';
import { dynamoDbOrganisations } from '../adapters/dynamodb/dynamodb-organisations.ts';
import { queueConsumer } from '../adapters/queue-consumer.ts';
import { connectBucket } from '../adapters/s3/bucket.ts';
import { storedFiles } from '../adapters/s3/object-created.ts';
import { s3Files } from '../adapters/s3/s3-files.ts';
import { s3Reports } from '../adapters/s3/s3-reports.ts';
import { ingestFile } from '../core/use-cases/ingest-file.ts';

const environment = z.object({ BUCKET_NAME: z.string() }).parse(process.env);
const bucket = connectBucket(environment.BUCKET_NAME);
const acceptance = connectAcceptance(process.env);
const ports = {
  ...acceptance,
  organisations: dynamoDbOrganisations(acceptance.table),
  files: s3Files(bucket),
  reports: s3Reports(bucket),
};

/** Consumer of the file queue, which the bucket fills. */
export const handler = queueConsumer(async (body, context) => {
  for (const file of storedFiles(body)) {
    await ingestFile(ports, file, ports.clock.now() + context.getRemainingTimeInMillis());
  }
});
