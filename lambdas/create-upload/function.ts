import { createHash } from 'node:crypto';
import { logger } from '../adapters/telemetry.ts';
import type { Clients } from '../core/ports.ts';
import { parseUploadRequest, type ReservationPorts, reserveUpload } from '../core/use-cases/reserve-upload.ts';
import { generatedReference } from '../core/use-cases/upload-form.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../http/idempotency.ts';

export interface CreateUploadPorts extends ReservationPorts {
  readonly clients: Clients;
}

/** `POST /fi/requests/schedule/upload/v3/presign` (`design.md`, Uploads). */
export function createUploadFunction(ports: CreateUploadPorts) {
  const authenticate = authenticator(ports.clients, ports.clock);
  return apiHandler({ ...ports, authenticate }, async ({ caller, event, transaction }) => {
    const request = parseUploadRequest(jsonBody(event));
    const idempotency = idempotencyOf(event.headers, transaction.txnid, () =>
      createHash('sha256').update(JSON.stringify(request)).digest('hex'),
    );
    const { organisationId } = caller;
    const referenceId =
      request.referenceId ?? generatedReference(organisationId, idempotency?.key ?? null, ports.ids.uuid());
    const reserved = await reserveUpload(ports, organisationId, referenceId, request, idempotency);
    const { batch, form, expiresAt, replayed } = reserved;
    logger.appendKeys({ batchId: batch.batchId });
    return {
      transaction: acceptanceOf(batch, transaction),
      ...(replayed ? { headers: REPLAYED } : {}),
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
}
