import { createHash } from 'node:crypto';
import { multipartForm } from '#lambdas/platform/http/multipart.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { duplicatesTold, shownId } from '../batch.ts';
import { checkFileSize, fileTypeOf, readBatchFile } from '../file.ts';
import { acceptanceOf, generatedReference, idempotencyOf, REPLAYED } from '../idempotency.ts';
import { parseUploadFields, UPLOAD_FIELDS } from '../upload-fields.ts';

export type UploadBatchPorts = AcceptancePorts & ApiPorts;

/** `POST /fi/requests/schedule/upload/v3` (docs/spec/upload-batch.md). */
export function uploadBatchFunction(ports: UploadBatchPorts) {
  return apiHandler(ports, { countedAs: 'upload-batch' }, async ({ caller, event, transaction }) => {
    const { fields, file } = await multipartForm(event, UPLOAD_FIELDS);
    const upload = parseUploadFields(fields);
    const type = fileTypeOf(file.contentType, file.name);
    checkFileSize(file.bytes.length);
    const content = readBatchFile(file.bytes, type, upload.defaults);
    const idempotency = idempotencyOf(event.headers, transaction.txnid, () =>
      createHash('sha256')
        .update(JSON.stringify([upload, file.name, type]))
        .update(file.bytes)
        .digest('hex'),
    );
    const { batch, replayed } = await acceptBatch(ports, {
      organisationId: caller.organisationId,
      referenceId:
        upload.referenceId ?? generatedReference(caller.organisationId, idempotency?.key ?? null, ports.ids.uuid()),
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
        message: `File uploaded successfully${duplicatesTold(batch)}`,
        data: {
          reference_id: batch.referenceId,
          batch_id: shownId(batch),
          storage_type: 'database',
          status: 'FILE_UPLOADED',
        },
      },
      ...(replayed ? { headers: REPLAYED } : {}),
    };
  });
}
