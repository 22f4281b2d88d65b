import { type Batch, isOpenAtFirst, isUnread } from './batch.ts';

/** A batch as it is stored. */
export interface StoredBatch {
  readonly batch: Batch;
  /** Whether it is among the open batches, which recovery looks at. */
  readonly isOpen: boolean;
  /** Until when one reader has leased the file of a reserved upload, in epoch milliseconds; 0 when nobody has. */
  readonly readUntil: number;
  /** Epoch milliseconds; null while the batch is open. */
  readonly finishedAt: number | null;
  /** Epoch seconds, as DynamoDB's TTL wants it. TTL deletes late, so an expired item counts as absent. */
  readonly expiresAt: number;
}

export type BatchKey = Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>;

/**
 * Every way in which a batch item can change. Each is one conditional write; `applyBatchChange` says on what condition.
 * A write that the SDK repeats changes nothing once somebody else has written the item.
 */
export type BatchChange =
  /**
   * The acceptance of a batch, the reservation of an upload, or what is left of a file that couldn't be read, if the
   * reference is free at `now`.
   */
  | { readonly kind: 'accept'; readonly batch: Batch; readonly expiresAt: number; readonly now: number }
  /** Leases the file of a reserved upload to one reader until `until`. */
  | { readonly kind: 'lease-upload'; readonly until: number; readonly now: number }
  /** The acceptance of a reserved upload, once its file is read; or why it can't be read. */
  | { readonly kind: 'accept-upload'; readonly batch: Batch; readonly expiresAt: number }
  /** Adds a chunk to the set of finished ones; doing it again changes nothing. */
  | { readonly kind: 'finish-chunk'; readonly chunk: number }
  /** Takes a finished batch off the open ones. */
  | { readonly kind: 'close'; readonly at: number };

/** The batch items. A store has no policy: it reads, and applies one change on the change's condition. */
export interface BatchStore {
  /** Strongly consistent. Also returns what has expired or lapsed. */
  read(organisationId: string, referenceId: string): Promise<StoredBatch | null>;
  /** The changed batch; null when the change's condition didn't hold. Meeting its own write, it counts as applied. */
  apply(key: BatchKey, change: BatchChange): Promise<StoredBatch | null>;
}

/** The batches that aren't closed yet. */
export interface OpenBatches {
  /** Oldest first. Eventually consistent. */
  list(): Promise<readonly Pick<Batch, 'organisationId' | 'referenceId'>[]>;
}

const seconds = (at: number): number => Math.ceil(at / 1000);
const isExpired = ({ expiresAt }: StoredBatch, now: number): boolean => expiresAt <= seconds(now);
/** The reservation is over and no file came. */
const isLapsed = ({ batch: { reservation } }: StoredBatch, now: number): boolean =>
  reservation !== null && reservation.until <= now;

const finder =
  (isFound: (stored: StoredBatch, now: number) => boolean) =>
  async (batches: BatchStore, organisationId: string, referenceId: string, now: number): Promise<Batch | null> => {
    const stored = await batches.read(organisationId, referenceId);
    return stored && !isExpired(stored, now) && isFound(stored, now) ? stored.batch : null;
  };

/** The batch that has a reference; null when the reference is free: none exists, or its retention or reservation is over. */
export const findBatch = finder((stored, now) => !isLapsed(stored, now) && !isUnread(stored.batch));

/** The same, or what is left of the last file under the reference that couldn't be read. */
export const findOutcome = finder((stored, now) => !isLapsed(stored, now) || isUnread(stored.batch));

/** The same, and also an upload whose reservation is over, as long as nobody else has taken the reference. */
export const findUpload = finder(() => true);

const newlyStored = (batch: Batch, expiresAt: number): StoredBatch => ({
  batch: { ...batch, finishedChunks: new Set() },
  isOpen: isOpenAtFirst(batch),
  readUntil: 0,
  finishedAt: null,
  expiresAt,
});

/**
 * Applies a change to what is stored under a reference; null when its condition doesn't hold. Every store behaves like
 * this function.
 */
export function applyBatchChange(
  stored: StoredBatch | null,
  { batchId }: Pick<BatchKey, 'batchId'>,
  change: BatchChange,
): StoredBatch | null {
  const ours = stored?.batch.batchId === batchId ? stored : null;
  switch (change.kind) {
    case 'accept': {
      const { now } = change;
      // A late repeat of a reservation is of before its own file was read.
      const isOther = stored?.batch.batchId !== change.batch.batchId;
      const isFree = !stored || isExpired(stored, now) || isLapsed(stored, now) || (isUnread(stored.batch) && isOther);
      return isFree ? newlyStored(change.batch, change.expiresAt) : null;
    }
    case 'lease-upload':
      return ours?.batch.reservation && ours.readUntil <= change.now ? { ...ours, readUntil: change.until } : null;
    case 'accept-upload':
      return ours?.batch.reservation ? newlyStored(change.batch, change.expiresAt) : null;
    case 'finish-chunk': {
      if (!ours) return null;
      const finishedChunks = new Set([...ours.batch.finishedChunks, change.chunk]);
      return { ...ours, batch: { ...ours.batch, finishedChunks } };
    }
    case 'close':
      return ours?.isOpen ? { ...ours, isOpen: false, finishedAt: change.at } : null;
  }
}

/** When a batch item expires (`RETENTION_DAYS`), in epoch seconds. */
export const expiryOf = (batch: Batch, retention: number): number => seconds(batch.acceptedAt + retention);
