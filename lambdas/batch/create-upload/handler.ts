import { createHash } from 'node:crypto';
import * as z from 'zod';
import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { Clients } from '#lambdas/clients/store.ts';
import { invalidRequest, ServiceError } from '#lambdas/platform/errors.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { apiHandler } from '#lambdas/platform/http/route.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '#lambdas/platform/http/submission.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock, Ids } from '#lambdas/platform/system.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type Batch, type GlobalConfig, type Idempotency, isRepeatOf } from '../batch.ts';
import { type PresignedForm, type PresignedForms, uploadKey } from '../bucket.ts';
import { FILE_NAME_LENGTH, type FileType, fileTypeOf, MAXIMUM_FILE_BYTES } from '../file.ts';
import { type BatchStore, expiryOf, findBatch } from '../store.ts';
import { firstFault } from '../submission.ts';
import { generatedReference, parseUploadForm } from '../upload-form.ts';

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

export interface ReservationPorts {
  readonly batches: BatchStore;
  readonly presignedForms: PresignedForms;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
}

/** A request for a form to upload a file with, parsed. */
export interface UploadRequest {
  readonly referenceId: string | null;
  readonly defaults: GlobalConfig;
  readonly fileName: string;
  readonly fileType: FileType;
  readonly contentType: string | null;
}

const NAME_EXPECTED = `must be a text of 1 to ${FILE_NAME_LENGTH} characters`;
const uploadRequest = z.object({
  file_name: z
    .string({ error: ({ input }) => (input === undefined || input === null ? 'is required' : NAME_EXPECTED) })
    .min(1, { error: NAME_EXPECTED })
    .max(FILE_NAME_LENGTH, { error: NAME_EXPECTED }),
  content_type: z.string({ error: 'must be a text' }).max(128, { error: 'must have at most 128 characters' }).nullish(),
});

/**
 * Parses the body of a presign call: `file_name`, `content_type`, and the fields of an upload.
 * @throws ServiceError `InvalidRequest`, `InvalidDateRange` or `UnsupportedFileType`
 */
export function parseUploadRequest(body: Readonly<Record<string, unknown>>): UploadRequest {
  const parsed = uploadRequest.safeParse(body);
  if (!parsed.success) {
    const { field, message } = firstFault(parsed.error);
    throw invalidRequest(message, { field });
  }
  const { file_name: fileName, content_type: contentType = null } = parsed.data;
  return { ...parseUploadForm(body), fileName, contentType, fileType: fileTypeOf(contentType, fileName) };
}

export interface ReservedUpload {
  readonly batch: Batch;
  readonly form: PresignedForm;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Whether the form is for a reservation that the same request has made before. */
  readonly replayed: boolean;
}

/**
 * Reserves a reference for a file that is uploaded straight to the bucket, and makes the form for it. Until the file is read the batch has no
 * rows; it is accepted when it is. The same request again, by its idempotency key, gets a form for the same reservation, good for as long as the first.
 * @throws ServiceError `DuplicateReferenceId` when the reference is taken
 */
export async function reserveUpload(
  { batches, presignedForms, clock, ids, settings }: ReservationPorts,
  organisationId: string,
  referenceId: string,
  request: UploadRequest,
  idempotency: Idempotency | null,
): Promise<ReservedUpload> {
  const now = clock.now();
  const { expiry, reservation } = settings.upload;
  const batch: Batch = {
    organisationId,
    referenceId,
    batchId: ids.uuid(),
    total: 0,
    chunks: 0,
    chunkRows: settings.chunkRows,
    fileName: request.fileName,
    globalConfig: request.defaults,
    acceptedAt: now,
    finishedChunks: new Set(),
    source: 'presigned',
    reservation: { fileType: request.fileType, until: now + expiry + reservation },
    error: null,
    idempotency,
  };
  const find = () => findBatch(batches, organisationId, referenceId, clock.now());
  const accept = { kind: 'accept', batch, expiresAt: expiryOf(batch, settings.retention), now } as const;
  const earlier = await find();
  const isReserved = earlier === null && (await batches.apply(batch, accept)) !== null;
  const standing = isReserved ? batch : (earlier ?? (await find()));
  const expiresAt = (standing?.reservation?.until ?? 0) - reservation;
  const isOurs = isReserved || (standing !== null && isRepeatOf(standing, idempotency, now));
  if (standing === null || !isOurs || expiresAt <= now) {
    throw new ServiceError('conflict', 'DuplicateReferenceId', `reference_id '${referenceId}' already exists`);
  }
  const form = await presignedForms.create(
    uploadKey(organisationId, referenceId, standing.batchId),
    request.contentType,
    MAXIMUM_FILE_BYTES,
    Math.ceil((expiresAt - now) / 1000),
  );
  return { batch: standing, form, expiresAt, replayed: !isReserved };
}
