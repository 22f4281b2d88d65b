import { type ChunkKey, type InputRow, NO_OUTCOME, newChunk, previousOccurrences } from '../chunk/chunk.ts';
import type { ChunkQueue, ChunkStore, NewChunk } from '../chunk/store.ts';
import { ServiceError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock, Ids } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { type RowError, rowError } from '../upstream/failures.ts';
import { type Batch, type BatchSource, shownId } from './batch.ts';
import { type Idempotency, isRepeatOf } from './idempotency.ts';
import { type BatchChange, type BatchStore, expiryOf, findBatch } from './store.ts';
import type { RequestParameters, RowToAccept } from './submission.ts';

/** What every way in leads to. */
export interface Submission {
  readonly organisationId: string;
  readonly referenceId: string;
  readonly source: BatchSource;
  readonly fileName: string | null;
  readonly defaults: RequestParameters;
  readonly rows: readonly RowToAccept[];
  readonly idempotency: Idempotency | null;
  /** The reserved batch of a presigned upload, if this is its file. */
  readonly reserved?: Batch;
}

/** The accepted batch; `replayed` when an earlier submission with the same key and content created it. */
export interface Acceptance {
  readonly batch: Batch;
  readonly replayed: boolean;
}

export interface AcceptancePorts {
  readonly batches: BatchStore;
  readonly chunks: ChunkStore;
  readonly queue: ChunkQueue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly settings: Settings;
}

/**
 * The one way in. Writes the chunks, then the batch on the condition that its reference is free: that write is the
 * acceptance. Before it nothing counts; after it the batch will be processed, whatever crashes, because recovery finds
 * chunks that weren't queued (docs/architecture.md, "The order of writes").
 * @throws ServiceError `DuplicateReferenceId` when the reference is taken
 */
export async function acceptBatch(ports: AcceptancePorts, submission: Submission): Promise<Acceptance> {
  const { batches, chunks, queue, clock, ids, telemetry, settings } = ports;
  const now = clock.now();
  const { reserved } = submission;
  const find = () => findBatch(batches, submission.organisationId, submission.referenceId, clock.now());
  const earlier = reserved ? null : await find();
  if (earlier) return replay(earlier, submission.idempotency, now);

  // Also for a reserved upload: an earlier reader of its file may have crashed halfway, with another version of it, and
  // nothing of what it wrote, or what of that arrives late, may get into this batch.
  const previous = previousOccurrences(submission.rows.map(({ consentId, error }) => (error ? null : consentId)));
  const batch = newBatch(submission, previous, ids.uuid(), now, settings);
  const parts = chunksOf(batch, submission, previous, settings);
  await chunks.create(parts);
  const expiresAt = expiryOf(batch, settings.retention);
  const acceptance: BatchChange = reserved
    ? { kind: 'accept-upload', batch, expiresAt }
    : { kind: 'accept', batch, expiresAt, now: clock.now() };
  if ((await batches.apply(reserved ?? batch, acceptance)) === null) {
    const winner = await find();
    // A repeat of our own write, which came after others had gone on with the batch: it is accepted.
    if (winner?.batchId !== batch.batchId) {
      await chunks.discard(parts.map(({ state }) => state.key));
      // Another reader accepted the upload.
      if (winner && reserved && shownId(winner) === shownId(batch)) return { batch: winner, replayed: true };
      if (winner) return replay(winner, submission.idempotency, now);
      throw duplicate(submission.referenceId);
    }
  }
  telemetry.count('BatchAccepted');
  telemetry.count('RowsAccepted', batch.total);
  if (batch.error) return { batch, replayed: false };
  const unsent = await queue.send(parts.map(({ state }) => ({ ...state.key, generation: state.generation })));
  if (unsent.length > 0) telemetry.count('TaskUnsent', unsent.length);
  return { batch, replayed: false };
}

const duplicate = (referenceId: string): ServiceError =>
  new ServiceError('conflict', 'DuplicateReferenceId', `reference_id '${referenceId}' already exists`);

function replay(earlier: Batch, idempotency: Idempotency | null, now: number): Acceptance {
  if (!isRepeatOf(earlier, idempotency, now)) throw duplicate(earlier.referenceId);
  return { batch: earlier, replayed: true };
}

const newBatch = (
  { rows, reserved, ...submission }: Submission,
  previous: readonly (number | null)[],
  batchId: string,
  now: number,
  { chunkRows }: Settings,
): Batch => ({
  organisationId: submission.organisationId,
  referenceId: submission.referenceId,
  batchId,
  promisedId: reserved?.batchId ?? null,
  total: rows.length,
  duplicates: previous.filter((row) => row !== null).length,
  chunks: Math.ceil(rows.length / chunkRows),
  chunkRows,
  source: submission.source,
  reservation: null,
  fileName: submission.fileName,
  globalConfig: submission.defaults,
  acceptedAt: now,
  finishedChunks: new Set(),
  error: rows.every(({ error }) => error !== null) ? noValidRows(rows.length) : null,
  idempotency: submission.idempotency,
});

const noValidRows = (rows: number): RowError =>
  rowError('NoValidRows', `None of the ${rows} rows is valid. Each row's error says what to change.`);

function chunksOf(
  batch: Batch,
  { rows, defaults }: Submission,
  previous: readonly (number | null)[],
  settings: Settings,
): NewChunk[] {
  const inputs: InputRow[] = rows.map(({ error: _, ...row }, index) => ({ ...row, previous: previous[index] ?? null }));
  return Array.from({ length: batch.chunks }, (_, chunk): NewChunk => {
    const from = chunk * batch.chunkRows;
    const to = from + batch.chunkRows;
    const errors = rows.slice(from, to).map(({ error }) => error);
    const { organisationId, referenceId, batchId } = batch;
    const key: ChunkKey = { organisationId, referenceId, batchId, chunk };
    return {
      state: newChunk(
        key,
        errors.map((error) => error !== null),
        batch.acceptedAt,
        settings,
      ),
      input: { defaults, chunkRows: batch.chunkRows, rows: inputs.slice(from, to) },
      rejections: {
        ...NO_OUTCOME,
        version: 1,
        errors: new Map(errors.flatMap((error, index) => (error ? [[index, error] as const] : []))),
      },
    };
  });
}
