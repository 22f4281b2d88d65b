import type { Organisations } from '#lambdas/clients/store.ts';
import { ConflictError, ServiceError } from '#lambdas/platform/errors.ts';
import { queueConsumer } from '#lambdas/platform/queue-consumer.ts';
import { type RowError, rowError } from '#lambdas/upstream/failures.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import type { Batch } from '../batch.ts';
import { storedFiles } from '../bucket.s3.ts';
import type { Files, StoredFile } from '../bucket.ts';
import { type ObjectKey, parseObjectKey } from '../bucket.ts';
import { checkFileSize, fileTypeOf, readBatchFile } from '../file.ts';
import { type FinishPorts, finishBatch, reportRejection } from '../finish.ts';
import { expiryOf, findBatch, findUpload } from '../store.ts';

/** Consumer of the file queue, which the bucket fills. */
export const ingestFileFunction = (ports: IngestPorts) =>
  queueConsumer(async (body, context) => {
    for (const file of storedFiles(body)) {
      await ingestFile(ports, file, ports.clock.now() + context.getRemainingTimeInMillis());
    }
  });

export interface IngestPorts extends AcceptancePorts, FinishPorts {
  readonly files: Files;
  readonly organisations: Organisations;
}

/**
 * Takes in a file that has come to the bucket: the file of a presigned upload, or one in the drop folder. Each version of an object starts
 * at most one batch, however often it is announced.
 * @param readUntil when the caller is dead at the latest, epoch milliseconds; nobody else reads an upload until then
 * @throws ConflictError when somebody else is reading it just now; a retry is safe
 */
export async function ingestFile(ports: IngestPorts, file: StoredFile, readUntil: number): Promise<void> {
  const place = parseObjectKey(file.key);
  switch (place.kind) {
    case 'upload':
      return ingestUpload(ports, file, place, readUntil);
    case 'drop':
      return ingestDrop(ports, file, place);
    case 'misplaced':
      ports.telemetry.count('FileRejected');
      return reportRejection(ports, file.key, rowError('InvalidFileName', place.reason));
    case 'other':
      return;
  }
}

async function ingestUpload(
  ports: IngestPorts,
  file: StoredFile,
  place: ObjectKey & { readonly kind: 'upload' },
  readUntil: number,
): Promise<void> {
  const { batches, clock, settings } = ports;
  const reserved = await findUpload(batches, place.organisationId, place.referenceId, clock.now());
  if (!reserved?.reservation || reserved.batchId !== place.batchId) return;
  // Dead by this clock; by another it may still be writing, and what it writes must not be cleared away.
  const until = readUntil + settings.clockSkew;
  if ((await batches.apply(reserved, { kind: 'lease-upload', until, now: clock.now() })) === null) {
    throw new ConflictError('the file of the upload is being read by somebody else');
  }
  const { fileType } = reserved.reservation;
  const content = await toResult(async () => {
    checkFileSize(file.size);
    return readBatchFile(await ports.files.read(file), fileType, reserved.globalConfig);
  });
  if (content instanceof ServiceError) {
    ports.telemetry.count('FileRejected');
    const batch = failedUpload(reserved, errorOf(content));
    await batches.apply(reserved, { kind: 'accept-upload', batch, expiresAt: expiryOf(batch, settings.retention) });
    return;
  }
  const { organisationId, referenceId, fileName, idempotency } = reserved;
  const { rows, defaults } = content;
  await acceptBatch(ports, {
    organisationId,
    referenceId,
    source: 'presigned',
    fileName,
    defaults,
    rows,
    idempotency,
    reserved,
  });
}

/** A reserved batch whose file cannot be read: it has no rows, and failed as a whole. */
const failedUpload = (reserved: Batch, error: RowError): Batch => ({ ...reserved, reservation: null, error });

async function ingestDrop(
  ports: IngestPorts,
  file: StoredFile,
  { organisationId, referenceId, fileName }: ObjectKey & { readonly kind: 'drop' },
): Promise<void> {
  const reject = async (error: RowError, suffix = ''): Promise<void> => {
    ports.telemetry.count('FileRejected');
    await reportRejection(ports, file.key, error, suffix);
  };
  if (!(await ports.organisations.exists(organisationId))) {
    return reject(rowError('UnknownOrganisation', `There is no organisation ${organisationId}.`));
  }
  const known = await findBatch(ports.batches, organisationId, referenceId, ports.clock.now());
  // Announced before: the batch is this version's own.
  if (known?.idempotency?.content === file.version) return known.error ? finishBatch(ports, known) : undefined;
  const outcome = await toResult(async () => {
    checkFileSize(file.size);
    const given = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
    const content = readBatchFile(await ports.files.read(file), fileTypeOf(null, fileName), given);
    return acceptBatch(ports, {
      organisationId,
      referenceId,
      source: 'drop',
      fileName,
      defaults: content.defaults,
      rows: content.rows,
      idempotency: { key: file.key.slice(0, 255), content: file.version, txnid: ports.ids.uuid() },
    });
  });
  if (outcome instanceof ServiceError) {
    // The report of the batch that has the reference must not be written over.
    return reject(errorOf(outcome), outcome.kind === 'conflict' ? `.${file.version}` : '');
  }
  if (outcome.batch.error) await finishBatch(ports, outcome.batch);
}

const errorOf = ({ code, message }: ServiceError): RowError => rowError(code, message);

/** What an attempt gives, or the fault of the file that stopped it; faults of ours are thrown on. */
async function toResult<T>(attempt: () => Promise<T>): Promise<T | ServiceError> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}
