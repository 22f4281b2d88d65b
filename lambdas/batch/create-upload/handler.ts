import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isOneLine } from '#lambdas/platform/characters.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { refuseMisspelled } from '#lambdas/platform/field-names.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock, Ids } from '#lambdas/platform/system.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type Batch, type FileType, shownId, withoutRows } from '../batch.ts';
import { type PresignedForm, type UploadPresigner, uploadKey } from '../bucket.ts';
import { FILE_NAME_LENGTH, fileTypeOf, MAXIMUM_FILE_BYTES } from '../file.ts';
import {
  acceptanceOf,
  generatedReference,
  type Idempotency,
  idempotencyOf,
  isRepeatOf,
  REPLAYED,
} from '../idempotency.ts';
import { type BatchStore, expiryOf, findBatch } from '../store.ts';
import { firstFault } from '../submission.ts';
import { parseUploadFields, type UploadParameters } from '../upload-fields.ts';

export type CreateUploadPorts = ReservationPorts & ApiPorts;

/** `POST /fi/requests/schedule/upload/v3/presign` (docs/spec/upload-batch.md, "The presigned form"). */
export function createUploadFunction(ports: CreateUploadPorts) {
  return apiHandler(ports, { countedAs: 'create-upload' }, async ({ caller, event, transaction }) => {
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
        message: 'Post to url as multipart/form-data: every entry of fields first, then the file as file',
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
  readonly presigner: UploadPresigner;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
}

/** A parsed request for a form to upload a file with. */
export interface UploadRequest extends UploadParameters {
  readonly fileName: string;
  readonly fileType: FileType;
  readonly contentType: string | null;
}

const NAME_EXPECTED = `must be a string of 1 to ${FILE_NAME_LENGTH} characters`;
const ONE_LINE = 'must be one line without control characters';
const uploadRequest = z.object({
  file_name: z
    .string({ error: ({ input }) => (input === undefined || input === null ? 'is required' : NAME_EXPECTED) })
    .min(1, { error: NAME_EXPECTED })
    .max(FILE_NAME_LENGTH, { error: NAME_EXPECTED })
    .refine(isOneLine, { error: ONE_LINE }),
  content_type: z
    .string({ error: 'must be a string' })
    .max(128, { error: 'must have at most 128 characters' })
    // It becomes a header, signed for S3.
    .refine(isOneLine, { error: ONE_LINE })
    .nullish(),
});

/**
 * Parses the body of a presign call: `file_name`, `content_type`, and the fields of an upload.
 * @throws ServiceError `InvalidRequest`, `InvalidDateRange` or `UnsupportedFileType`
 */
export function parseUploadRequest(body: Readonly<Record<string, unknown>>): UploadRequest {
  refuseMisspelled(body, ['file_name', 'content_type']);
  const parsed = uploadRequest.safeParse(body);
  if (!parsed.success) throw firstFault(parsed.error, body);
  const { file_name: fileName, content_type: contentType = null } = parsed.data;
  return { ...parseUploadFields(body), fileName, contentType, fileType: fileTypeOf(contentType, fileName) };
}

export interface ReservedUpload {
  readonly batch: Batch;
  readonly form: PresignedForm;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Whether an earlier request with the same key and content made this reservation. */
  readonly replayed: boolean;
}

/**
 * Reserves a reference for a file that goes straight to the bucket, and creates the form for it. The batch has no rows
 * until the file is read, which accepts it. The same request again, by its idempotency key, gets a form for the same
 * reservation, valid until the same time as the first.
 * @throws ServiceError `DuplicateReferenceId` when the reference is taken
 */
export async function reserveUpload(
  { batches, presigner, clock, ids, settings }: ReservationPorts,
  organisationId: string,
  referenceId: string,
  request: UploadRequest,
  idempotency: Idempotency | null,
): Promise<ReservedUpload> {
  const now = clock.now();
  const { expiry, reservation } = settings.upload;
  const batch = withoutRows({
    organisationId,
    referenceId,
    batchId: ids.uuid(),
    chunkRows: settings.chunkRows,
    fileName: request.fileName,
    globalConfig: request.defaults,
    acceptedAt: now,
    source: 'presigned',
    reservation: { fileType: request.fileType, until: now + expiry + reservation },
    error: null,
    idempotency,
  });
  const find = () => findBatch(batches, organisationId, referenceId, clock.now());
  const accept = { kind: 'accept', batch, expiresAt: expiryOf(batch, settings.retention), now } as const;
  const earlier = await find();
  const isApplied = earlier === null && (await batches.apply(batch, accept)) !== null;
  const stored = isApplied ? batch : (earlier ?? (await find()));
  // Also when a repeat of our own write came after others had gone on with the reservation.
  const isReserved = stored !== null && shownId(stored) === batch.batchId;
  const expiresAt = (stored?.reservation?.until ?? 0) - reservation;
  const isOurs = isReserved || (stored !== null && isRepeatOf(stored, idempotency, now));
  if (stored === null || !isOurs || expiresAt <= now) {
    throw new ServiceError('conflict', 'DuplicateReferenceId', `reference_id '${referenceId}' already exists`);
  }
  const form = await presigner.presign(
    uploadKey(organisationId, referenceId, stored.batchId),
    request.contentType,
    MAXIMUM_FILE_BYTES,
    Math.ceil((expiresAt - now) / 1000),
  );
  return { batch: stored, form, expiresAt, replayed: !isReserved };
}
