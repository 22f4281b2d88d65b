import { storedFiles } from '#lambdas/batch/bucket.s3.ts';
import { parseObjectKey } from '#lambdas/batch/bucket.ts';
import type { BatchStore, OpenBatches } from '#lambdas/batch/store.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import type { Settings } from '#lambdas/platform/settings.ts';

/** Where leases are. */
interface Leases {
  readonly openBatches: OpenBatches;
  readonly batches: BatchStore;
  readonly chunks: ChunkStore;
  readonly settings: Pick<Settings, 'reconcileDelay'>;
}

/**
 * Ends the leases of workers that died with the process of an earlier local cloud, and returns how many. On AWS a lease runs out with the
 * time-out of its function, since nobody knows that the worker is gone. Here it is known, and a minute of standing still at each restart
 * would look like a fault. What the lease was also for stays: calls that were sent are given their time to arrive before anybody asks for
 * their sessions.
 *
 * To be called while nothing works.
 */
export async function endLostLeases({ openBatches, batches, chunks, settings }: Leases, now: number): Promise<number> {
  let ended = 0;
  for (const { organisationId, referenceId } of await openBatches.list()) {
    const stored = await batches.read(organisationId, referenceId);
    for (const state of stored === null ? [] : await chunks.states(stored.batch)) {
      const until = Math.max(now, state.movedAt + settings.reconcileDelay);
      if (state.leasedUntil === null || state.leasedUntil <= until) continue;
      await chunks.saveState({ ...state, version: state.version + 1, leasedUntil: until, dueAt: until });
      ended += 1;
    }
  }
  return ended;
}

/** The same for files that were being read: `messages` are the bodies of messages that died with their readers. */
export async function endLostReads(batches: BatchStore, messages: readonly string[], now: number): Promise<void> {
  for (const { key } of messages.flatMap(filesIn)) {
    const upload = parseObjectKey(key);
    if (upload.kind !== 'upload') continue;
    const stored = await batches.read(upload.organisationId, upload.referenceId);
    if (stored === null || stored.readUntil <= now) continue;
    // As if it had run out just now, which is what the change asks.
    await batches.apply(stored.batch, { kind: 'lease-upload', until: now, now: stored.readUntil });
  }
}

/** The files that a message tells of; none in those of other queues. */
function filesIn(message: string): { readonly key: string }[] {
  try {
    return storedFiles(JSON.parse(message));
  } catch {
    return [];
  }
}
