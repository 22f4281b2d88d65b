import { addCounters, type Counters, NO_ROWS, ROW_STATUSES } from '../chunk/row.ts';
import type { RowError } from '../upstream/failures.ts';
import type { FileType } from './file.ts';

/** Global defaults as they were sent; what was not sent is null (`metadata.global_config`). */
export interface GlobalConfig {
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

/** What a repeated submission is recognised by, and the answer it gets again. */
export interface Idempotency {
  readonly key: string;
  /** SHA-256 of the parsed content. */
  readonly content: string;
  readonly txnid: string;
}

/** The one item whose conditional write is the acceptance of a batch. Times are epoch milliseconds. */
export interface Batch {
  readonly organisationId: string;
  readonly referenceId: string;
  readonly batchId: string;
  readonly total: number;
  readonly chunks: number;
  readonly chunkRows: number;
  readonly fileName: string | null;
  readonly globalConfig: GlobalConfig;
  readonly acceptedAt: number;
  readonly finishedChunks: ReadonlySet<number>;
  readonly source: BatchSource;
  /** For a presigned upload whose file has not been read: what the file is, and until when the reference is kept for it. */
  readonly reservation: UploadReservation | null;
  /** Why the batch failed as a whole, otherwise null. */
  readonly error: RowError | null;
  readonly idempotency: Idempotency | null;
}

/** How a batch came in: as JSON, as a file in a form, as a file uploaded to S3 by a presigned form, or as a file in the drop folder. */
export const BATCH_SOURCES = ['json', 'form', 'presigned', 'drop'] as const;
export type BatchSource = (typeof BATCH_SOURCES)[number];

export interface UploadReservation {
  readonly fileType: FileType;
  /** Epoch milliseconds. From then on the reference is free again. */
  readonly until: number;
}

export const BATCH_STATUSES = ROW_STATUSES;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Most rows a batch can have (seeds, overview, "Limits and Quotas"). */
export const MAXIMUM_ROWS = 10_000;

export const sumCounters = (all: readonly Counters[]): Counters => all.reduce(addCounters, NO_ROWS);

/**
 * The status of a batch follows from its rows at every read: COMPLETED when every row is terminal, whatever the mix; FAILED only when
 * the batch as a whole could not be processed; READY until the first row moves.
 */
export function batchStatusOf(total: number, counters: Counters, error: RowError | null): BatchStatus {
  if (error) return 'FAILED';
  if (counters.READY === total) return 'READY';
  return counters.COMPLETED + counters.FAILED === total ? 'COMPLETED' : 'IN_PROGRESS';
}

/** For how long a repeated submission gets the first answer again (`design.md`, Idempotency-Key). */
const REPLAY_FOR = 24 * 3_600_000;

/** Whether a submission is the one again that a batch came from: the same key and the same content, within a day. */
export const isRepeatOf = (
  { idempotency: known, acceptedAt }: Batch,
  given: Idempotency | null,
  now: number,
): boolean =>
  given !== null &&
  known !== null &&
  known.key === given.key &&
  known.content === given.content &&
  now - acceptedAt < REPLAY_FOR;

/**
 * Whether something is left to do when a batch is written: its rows, or the report on one that was dropped and failed as a whole. Open batches are
 * what recovery looks at.
 */
export const isOpenAtFirst = ({ error, reservation, source }: Batch): boolean =>
  reservation === null && (error === null || source === 'drop');

/** Whole percent of rows that are terminal, rounded down; 0 for a batch without rows. */
export const progressOf = (total: number, counters: Counters): number =>
  total === 0 ? 0 : Math.floor((100 * (counters.COMPLETED + counters.FAILED)) / total);
