import { addCounters, type Counters, NO_ROWS, ROW_STATUSES } from '../chunk/row.ts';
import type { RowError } from '../upstream/failures.ts';
import type { Idempotency } from './idempotency.ts';
import type { RequestParameters } from './submission.ts';

/** The one item whose conditional write is the acceptance of a batch. Times are epoch milliseconds. */
export interface Batch {
  readonly organisationId: string;
  readonly referenceId: string;
  /** Under which its chunks are stored. */
  readonly batchId: string;
  /**
   * The batch_id that clients know, where it isn't `batchId`: a presigned form promises one before the file is there,
   * and each reader of the file writes chunks under an id of its own.
   */
  readonly promisedId: string | null;
  readonly total: number;
  /** Rows whose consent an earlier row has; null for a batch that was stored before they were counted. */
  readonly duplicates: number | null;
  readonly chunks: number;
  readonly chunkRows: number;
  readonly fileName: string | null;
  /** Global defaults as sent (`metadata.global_config`). */
  readonly globalConfig: RequestParameters;
  readonly acceptedAt: number;
  readonly finishedChunks: ReadonlySet<number>;
  readonly source: BatchSource;
  /**
   * For a presigned upload that no file has been read of yet: its type, and until when the reference is reserved for it.
   * With an error, what came so far couldn't be read.
   */
  readonly reservation: UploadReservation | null;
  /** Why the batch failed as a whole, otherwise null. */
  readonly error: RowError | null;
  readonly idempotency: Idempotency | null;
}

/** A batch as it is before its rows are known. */
export const withoutRows = (
  known: Pick<
    Batch,
    | 'organisationId'
    | 'referenceId'
    | 'batchId'
    | 'chunkRows'
    | 'fileName'
    | 'globalConfig'
    | 'acceptedAt'
    | 'source'
    | 'reservation'
    | 'error'
    | 'idempotency'
  >,
): Batch => ({
  ...known,
  promisedId: null,
  total: 0,
  duplicates: 0,
  chunks: 0,
  finishedChunks: new Set(),
});

/**
 * Whether it is what is left of a file that couldn't be read. That never became a batch: it tells the fault, and its
 * reference is free.
 */
export const isUnread = ({ total, error }: Batch): boolean => total === 0 && error !== null;

/** The batch_id that clients see. */
export const shownId = ({ batchId, promisedId }: Pick<Batch, 'batchId' | 'promisedId'>): string =>
  promisedId ?? batchId;

/** What an acceptance says after its own words, where consents repeat: each row spends its consent, as it was asked to. */
export function duplicatesTold({ duplicates }: Pick<Batch, 'duplicates'>): string {
  if (!duplicates) return '';
  const repeat = duplicates === 1 ? '1 row repeats' : `${duplicates} rows repeat`;
  return `. ${repeat} a consent of an earlier row; each raises an FI request of its own.`;
}

/**
 * How a batch came in: as JSON, as a file in a form, as a file posted to S3 with a presigned form, or as a dropped
 * file.
 */
export const BATCH_SOURCES = ['json', 'form', 'presigned', 'drop'] as const;
export type BatchSource = (typeof BATCH_SOURCES)[number];

export type FileType = 'csv' | 'json';

export interface UploadReservation {
  readonly fileType: FileType;
  /** Epoch milliseconds. From then on the reference is free again. */
  readonly until: number;
}

export const BATCH_STATUSES = ROW_STATUSES;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

export const sumCounters = (all: readonly Counters[]): Counters => all.reduce(addCounters, NO_ROWS);

/**
 * A batch's status follows from its rows at every read: COMPLETED when every row is terminal, whatever the mix; FAILED
 * only when the batch as a whole couldn't be processed; READY until the first row moves (docs/spec/overview.md).
 */
export function batchStatusOf(total: number, counters: Counters, error: RowError | null): BatchStatus {
  if (error) return 'FAILED';
  if (counters.READY === total) return 'READY';
  return counters.COMPLETED + counters.FAILED === total ? 'COMPLETED' : 'IN_PROGRESS';
}

/**
 * Whether a new batch has work to do: its rows, or the report on a dropped file that failed as a whole. Recovery looks
 * at open batches only.
 */
export const isOpenAtFirst = ({ total, error, source }: Batch): boolean =>
  total > 0 && (error === null || source === 'drop');

/** Percentage of rows that are terminal, rounded down; 0 for a batch without rows. */
export const progressOf = (total: number, counters: Counters): number =>
  total === 0 ? 0 : Math.floor((100 * (counters.COMPLETED + counters.FAILED)) / total);
