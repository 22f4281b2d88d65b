import { type Batch, isOpenAtFirst } from '#lambdas/batch/batch.ts';
import type { Batches, OpenBatches } from '#lambdas/batch/store.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import { direct, type RemoteCall } from './remote-call.ts';

/** The batch items and their index, in memory. */
export interface MemoryBatches extends Batches, OpenBatches {
  /** When a batch was closed, epoch milliseconds; null while it is open. */
  closedAt(batch: Pick<Batch, 'organisationId' | 'referenceId'>): number | null;
}

/** What is stored of a batch. */
export interface BatchItem {
  readonly batch: Batch;
  /** Among the open ones. */
  readonly isOpen: boolean;
  readonly closedAt: number | null;
  /** For a reserved batch: until when its file is somebody's to read. */
  readonly readUntil: number;
  /** Epoch seconds, as in the table. */
  readonly expiresAt: number;
}

const seconds = (at: number): number => Math.ceil(at / 1000);

/** References of an organisation are apart from those of every other. */
const keyOf = ({ organisationId, referenceId }: Pick<Batch, 'organisationId' | 'referenceId'>): string =>
  JSON.stringify([organisationId, referenceId]);

/**
 * Batches under the conditions of the table's: an expired item counts as absent, though it still lies there.
 * @param call how each read and write of the table goes
 * @param items what is stored, to share it between several workers' ports
 */
export function memoryBatches(
  clock: Clock,
  { retention }: Settings,
  call: RemoteCall = direct,
  items: Map<string, BatchItem> = new Map(),
): MemoryBatches {
  const isExpired = ({ expiresAt }: BatchItem): boolean => expiresAt <= seconds(clock.now());
  const isLapsed = ({ batch }: BatchItem): boolean =>
    batch.reservation !== null && batch.reservation.until <= clock.now();
  const put = (batch: Batch): void => {
    items.set(keyOf(batch), {
      batch: structuredClone({ ...batch, finishedChunks: new Set<number>() }),
      isOpen: isOpenAtFirst(batch),
      closedAt: null,
      readUntil: 0,
      expiresAt: seconds(batch.acceptedAt + retention),
    });
  };
  /** The item of a batch, unless its reference is another's. */
  const itemOf = (batch: Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>): BatchItem | null => {
    const item = items.get(keyOf(batch));
    return item?.batch.batchId === batch.batchId ? item : null;
  };

  return {
    find: (organisationId, referenceId) =>
      call('batches.find', () => {
        const item = items.get(keyOf({ organisationId, referenceId }));
        return item && !isExpired(item) && !isLapsed(item) ? structuredClone(item.batch) : null;
      }),

    findUpload: (organisationId, referenceId) =>
      call('batches.findUpload', () => {
        const item = items.get(keyOf({ organisationId, referenceId }));
        return item && !isExpired(item) ? structuredClone(item.batch) : null;
      }),

    accept: (batch) =>
      call('batches.accept', () => {
        const stored = items.get(keyOf(batch));
        const isFree = !stored || isExpired(stored) || isLapsed(stored) || stored.batch.batchId === batch.batchId;
        if (isFree) put(batch);
        return isFree;
      }),

    leaseUpload: (batch, until) =>
      call('batches.leaseUpload', () => {
        const item = itemOf(batch);
        if (!item?.batch.reservation || item.readUntil > clock.now()) return false;
        items.set(keyOf(batch), { ...item, readUntil: until });
        return true;
      }),

    acceptUpload: (batch) =>
      call('batches.acceptUpload', () => {
        if (!itemOf(batch)?.batch.reservation) return false;
        put(batch);
        return true;
      }),

    finishChunk: (key) =>
      call('batches.finishChunk', () => {
        const item = itemOf(key);
        if (!item) return null;
        const batch = { ...item.batch, finishedChunks: new Set([...item.batch.finishedChunks, key.chunk]) };
        items.set(keyOf(key), { ...item, batch });
        return batch.finishedChunks.size < batch.chunks ? null : structuredClone(batch);
      }),

    close: (batch, at) =>
      call('batches.close', () => {
        const item = itemOf(batch);
        if (!item?.isOpen) return false;
        items.set(keyOf(batch), { ...item, isOpen: false, closedAt: at });
        return true;
      }),

    list: () =>
      call('openBatches.list', () =>
        [...items.values()]
          .filter(({ isOpen }) => isOpen)
          .toSorted((a, b) => a.batch.acceptedAt - b.batch.acceptedAt)
          .map(({ batch: { organisationId, referenceId } }) => ({ organisationId, referenceId })),
      ),

    closedAt: (batch) => items.get(keyOf(batch))?.closedAt ?? null,
  };
}
