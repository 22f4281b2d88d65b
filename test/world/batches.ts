import {
  applyBatchChange,
  type BatchKey,
  type BatchStore,
  type OpenBatches,
  type StoredBatch,
} from '#lambdas/batch/store.ts';
import { direct, type RemoteCall } from './network.ts';

type Reference = Pick<BatchKey, 'organisationId' | 'referenceId'>;

/** What is stored, by reference. */
export type BatchItems = Map<string, StoredBatch>;

/** The batch items and their index, in memory. */
export interface MemoryBatches extends BatchStore, OpenBatches {
  /** What lies under a reference, without a call. */
  stored(of: Reference): StoredBatch | null;
  /** When a batch was closed, epoch milliseconds; null while it is open. */
  closedAt(of: Reference): number | null;
}

/** Which write left an item as it is: the SDK repeats a write whose answer was lost, and the repeat meets its own. */
const writtenBy = new WeakMap<StoredBatch, symbol>();

/** References of an organisation are apart from those of every other. */
export const referenceOf = ({ organisationId, referenceId }: Reference): string =>
  JSON.stringify([organisationId, referenceId]);

/**
 * A map over `applyBatchChange`.
 * @param call how each read and write of the table goes
 * @param items what is stored, to share it between several workers' ports
 */
export function memoryBatches(call: RemoteCall = direct, items: BatchItems = new Map()): MemoryBatches {
  return {
    stored: (of) => items.get(referenceOf(of)) ?? null,
    closedAt: (of) => items.get(referenceOf(of))?.finishedAt ?? null,

    read: (organisationId, referenceId) =>
      call('batches.read', () => structuredClone(items.get(referenceOf({ organisationId, referenceId })) ?? null)),

    apply: (key, change) => {
      const writeId = Symbol(change.kind);
      return call(`batches.${change.kind}`, () => {
        const stored = items.get(referenceOf(key)) ?? null;
        if (stored && writtenBy.get(stored) === writeId) return structuredClone(stored);
        const next = structuredClone(applyBatchChange(stored, key, change));
        if (next) {
          items.set(referenceOf(key), next);
          writtenBy.set(next, writeId);
        }
        return structuredClone(next);
      });
    },

    list: () =>
      call('openBatches.list', () =>
        [...items.values()]
          .filter(({ isOpen }) => isOpen)
          .toSorted((a, b) => a.batch.acceptedAt - b.batch.acceptedAt)
          .map(({ batch: { organisationId, referenceId } }) => ({ organisationId, referenceId })),
      ),
  };
}
