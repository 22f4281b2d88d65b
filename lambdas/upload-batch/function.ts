import { createHash } from 'node:crypto';
import { logger } from '../adapters/telemetry.ts';
import { checkFileSize, fileTypeOf } from '../core/domain/file-type.ts';
import type { Clients } from '../core/ports.ts';
import { type AcceptancePorts, acceptBatch } from '../core/use-cases/accept-batch.ts';
import { readBatchFile } from '../core/use-cases/batch-file.ts';
import { generatedReference, parseUploadForm } from '../core/use-cases/upload-form.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../http/idempotency.ts';
import { multipartForm } from '../http/multipart.ts';

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
