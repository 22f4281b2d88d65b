import { createHash } from 'node:crypto';
import { z } from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { connectBucket } from '../adapters/s3/bucket.ts';
import { s3UploadForms } from '../adapters/s3/s3-upload-forms.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { readSettings } from '../core/settings.ts';
import { parseUploadRequest, reserveUpload } from '../core/use-cases/reserve-upload.ts';
import { generatedReference } from '../core/use-cases/upload-form.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { idempotencyOf } from '../http/idempotency.ts';

const environment = z.object({ TABLE_NAME: z.string(), BUCKET_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);
const ports = {
  batches: dynamoDbBatches(table, systemClock, settings),
  uploadForms: s3UploadForms(connectBucket(environment.BUCKET_NAME)),
  clock: systemClock,
  ids: randomIds,
  settings,
};
const authenticate = authenticator(dynamoDbClients(table), systemClock);

/** `POST /fi/requests/schedule/upload/v3/presign` (`design.md`, Uploads). */
export const handler = apiHandler({ ...ports, authenticate }, async ({ caller, event, transaction }) => {
  const request = parseUploadRequest(jsonBody(event));
  const idempotency = idempotencyOf(event.headers, transaction.txnid, () =>
    createHash('sha256').update(JSON.stringify(request)).digest('hex'),
  );
  const { organisationId } = caller;
  const referenceId =
    request.referenceId ?? generatedReference(organisationId, idempotency?.key ?? null, randomIds.uuid());
  const { batch, form, expiresAt } = await reserveUpload(ports, organisationId, referenceId, request, idempotency);
  return {
    content: {
      status: 'success',
      message: 'Post the file to url as multipart/form-data: every one of fields first, then file',
      data: {
        reference_id: batch.referenceId,
        batch_id: batch.batchId,
        url: form.url,
        fields: form.fields,
        expires_at: new Date(expiresAt).toISOString(),
      },
    },
  };
});
