import { createHash } from 'node:crypto';
import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { Clients } from '#lambdas/clients/store.ts';
import { multipartForm } from '#lambdas/platform/http/multipart.ts';
import { apiHandler } from '#lambdas/platform/http/route.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '#lambdas/platform/http/submission.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { checkFileSize, fileTypeOf, readBatchFile } from '../file.ts';
import { generatedReference, parseUploadForm } from '../upload-form.ts';

export interface UploadBatchPorts extends AcceptancePorts {
  readonly clients: Clients;
}

/** `POST /fi/requests/schedule/upload/v3` (seeds, schedule file upload). */
export function uploadBatchFunction(ports: UploadBatchPorts) {
  const authenticate = authenticator(ports.clients, ports.clock);
  return apiHandler({ ...ports, authenticate }, async ({ caller, event, transaction }) => {
    const { fields, file } = await multipartForm(event);
    const form = parseUploadForm(fields);
    const type = fileTypeOf(file.contentType, file.name);
    checkFileSize(file.bytes.length);
    const content = readBatchFile(file.bytes, type, form.defaults);
    const idempotency = idempotencyOf(event.headers, transaction.txnid, () =>
      createHash('sha256')
        .update(JSON.stringify([form, file.name, type]))
        .update(file.bytes)
        .digest('hex'),
    );
    const { batch, replayed } = await acceptBatch(ports, {
      organisationId: caller.organisationId,
      referenceId:
        form.referenceId ?? generatedReference(caller.organisationId, idempotency?.key ?? null, ports.ids.uuid()),
      source: 'form',
      fileName: file.name === '' ? null : file.name,
      defaults: content.defaults,
      rows: content.rows,
      idempotency,
    });
    logger.appendKeys({ batchId: batch.batchId });
    return {
      transaction: acceptanceOf(batch, transaction),
      content: {
        status: 'success',
        message: 'File uploaded successfully',
        data: {
          reference_id: batch.referenceId,
          batch_id: batch.batchId,
          storage_type: 'database',
          status: 'FILE_UPLOADED',
        },
      },
      ...(replayed ? { headers: REPLAYED } : {}),
    };
  });
}
