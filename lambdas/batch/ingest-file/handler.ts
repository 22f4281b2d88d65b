import type { OrganisationStore } from '#lambdas/clients/store.ts';
import { ConflictError, ServiceError } from '#lambdas/platform/errors.ts';
import { queueConsumer } from '#lambdas/platform/queue-consumer.ts';
import { type RowError, rowError } from '#lambdas/upstream/failures.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { type Batch, withoutRows } from '../batch.ts';
import { storedFiles } from '../bucket.s3.ts';
import { type FileQueue, type FileStore, type ObjectKey, parseObjectKey, type StoredFile } from '../bucket.ts';
import { checkFileSize, fileTypeOf, readBatchFile } from '../file.ts';
import { sortedFileIn } from '../file-queue.sqs.ts';
import { type FinishPorts, finishBatch, reportBatch, reportRejection } from '../finish.ts';
import { expiryOf, findBatch, findUpload } from '../store.ts';
import { NO_PARAMETERS } from '../submission.ts';

/**
 * Consumes the file queue, which the bucket's notifications fill (docs/spec/upload-batch.md). What S3 announces is sent on
 * under its organisation, and read when its turn has come.
 */
export const ingestFileFunction = (ports: SortPorts) =>
  queueConsumer(async (body, context) => {
    const sorted = sortedFileIn(body);
    const read = (file: StoredFile) => ingestFile(ports, file, ports.clock.now() + context.getRemainingTimeInMillis());
    if (sorted) return read(sorted);
    for (const file of storedFiles(body)) {
      const key = parseObjectKey(file.key);
      // What is nobody's takes no time.
      await ('organisationId' in key ? ports.sortedFiles.send(file, key.organisationId) : read(file));
    }
  });

export interface SortPorts extends IngestPorts {
  readonly sortedFiles: FileQueue;
}

export interface IngestPorts extends AcceptancePorts, FinishPorts {
  readonly files: FileStore;
  readonly organisations: OrganisationStore;
}

/**
 * Ingests a file that came to the bucket: that of a presigned upload, or one in the drop folder. Each version of an
 * object starts at most one batch, however often it is announced.
 * @param readUntil when this invocation has ended for sure, in epoch milliseconds; nobody else reads an upload until
 * then
 * @throws ConflictError while another worker is reading the upload; a retry is safe
 */
export async function ingestFile(ports: IngestPorts, file: StoredFile, readUntil: number): Promise<void> {
  const key = parseObjectKey(file.key);
  switch (key.kind) {
    case 'upload':
      return ingestUpload(ports, file, key, readUntil);
    case 'drop':
      return ingestDrop(ports, file, key);
    case 'misplaced':
      ports.telemetry.count('FileRejected');
      return reportRejection(ports, file.key, rowError('InvalidFileName', key.reason));
    case 'other':
      return;
  }
}

async function ingestUpload(
  ports: IngestPorts,
  file: StoredFile,
  key: ObjectKey & { readonly kind: 'upload' },
  readUntil: number,
): Promise<void> {
  const { batches, clock, settings } = ports;
  const reserved = await findUpload(batches, key.organisationId, key.referenceId, clock.now());
  if (!reserved?.reservation || reserved.batchId !== key.batchId) return;
  // Clocks differ: by another worker's clock this one may still be writing chunks, which must not be cleared.
  const until = readUntil + settings.clockSkew;
  if ((await batches.apply(reserved, { kind: 'lease-upload', until, now: clock.now() })) === null) {
    throw new ConflictError('another worker is reading the file of this upload');
  }
  const { fileType } = reserved.reservation;
  const content = await toResult(async () => {
    checkFileSize(file.size);
    return readBatchFile(await ports.files.read(file), fileType, reserved.globalConfig);
  });
  if (content instanceof ServiceError) {
    ports.telemetry.count('FileRejected');
    // The reservation stays: a corrected file may be posted with the same form.
    const batch = { ...reserved, error: errorOf(content) };
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

async function ingestDrop(
  ports: IngestPorts,
  file: StoredFile,
  { organisationId, referenceId, fileName }: ObjectKey & { readonly kind: 'drop' },
): Promise<void> {
  const find = () => findBatch(ports.batches, organisationId, referenceId, ports.clock.now());
  const reject = async (error: RowError): Promise<void> => {
    ports.telemetry.count('FileRejected');
    const isFree = await tellFault(ports, { organisationId, referenceId, fileName }, error);
    await reportRejection(ports, file.key, error, isFree ? '' : `.${file.version}`);
    // Another version may have become a batch, and ended, since we looked: its report is the one that counts.
    const since = isFree ? await find() : null;
    if (since && hasEnded(since)) await reportBatch(ports, since);
  };
  if (!(await ports.organisations.exists(organisationId))) {
    ports.telemetry.count('FileRejected');
    return reportRejection(
      ports,
      file.key,
      rowError('UnknownOrganisation', `No organisation ${organisationId} exists.`),
    );
  }
  const known = await find();
  // Announced before: this version started that batch.
  if (known?.idempotency?.content === file.version) return known.error ? finishBatch(ports, known) : undefined;
  const outcome = await toResult(async () => {
    checkFileSize(file.size);
    const content = readBatchFile(await ports.files.read(file), fileTypeOf(null, fileName), NO_PARAMETERS);
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
  if (outcome instanceof ServiceError) return reject(errorOf(outcome));
  if (outcome.batch.error) await finishBatch(ports, outcome.batch);
}

/**
 * Has the status of a reference tell why its file can't be read, where no batch has it.
 * @returns whether none has
 */
async function tellFault(
  { batches, clock, ids, settings }: IngestPorts,
  dropped: Pick<Batch, 'organisationId' | 'referenceId' | 'fileName'>,
  error: RowError,
): Promise<boolean> {
  const now = clock.now();
  const batch = withoutRows({
    ...dropped,
    batchId: ids.uuid(),
    chunkRows: settings.chunkRows,
    globalConfig: NO_PARAMETERS,
    acceptedAt: now,
    source: 'drop',
    reservation: null,
    error,
    idempotency: null,
  });
  const expiresAt = expiryOf(batch, settings.retention);
  return (await batches.apply(batch, { kind: 'accept', batch, expiresAt, now })) !== null;
}

/** Whether a batch has nothing left to do. */
const hasEnded = ({ error, finishedChunks, chunks }: Batch): boolean => error !== null || finishedChunks.size >= chunks;

const errorOf = ({ code, message }: ServiceError): RowError => rowError(code, message);

/** Returns what is wrong with the file as a value; our own errors are rethrown. */
async function toResult<T>(ingest: () => Promise<T>): Promise<T | ServiceError> {
  try {
    return await ingest();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}
