import { buildApp } from 'fauxqs';
import type { FauxqsInternals, Stores } from '../fauxqs.ts';

type QueueStore = Stores['sqsStore'];
export type StoredQueue = NonNullable<ReturnType<QueueStore['getQueueByName']>>;

/** fauxqs with its queues at hand. */
export interface Fauxqs {
  readonly app: ReturnType<typeof buildApp>;
  readonly store: QueueStore;
  close(): Promise<void>;
}

/** Makes a fauxqs that keeps its queues in `folder` (SQLite), or in memory without one. It does not listen: calls are injected. */
export async function openFauxqs(
  { SqsStore, SnsStore, S3Store, PersistenceManager }: FauxqsInternals,
  folder?: string,
): Promise<Fauxqs> {
  const stores: Stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  const persistence = folder === undefined ? undefined : new PersistenceManager(folder);
  if (persistence !== undefined) {
    // Loaded before the store writes to it: restoring a queue through the persistence would delete the queue's messages.
    persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
    stores.sqsStore.persistence = persistence;
    for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  }
  const app = buildApp({ logger: false, stores });
  await app.ready();
  return {
    app,
    store: stores.sqsStore,
    close: async () => {
      await app.close();
      persistence?.close();
    },
  };
}
