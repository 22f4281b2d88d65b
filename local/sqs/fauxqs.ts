import { buildApp } from 'fauxqs';
import { z } from 'zod';

/** fauxqs's stores, and the class that keeps them in SQLite, by the types that its public `buildApp` declares. */
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
export type QueueStore = Stores['sqsStore'];
export type StoredQueue = NonNullable<ReturnType<QueueStore['getQueueByName']>>;
type Persistence = NonNullable<QueueStore['persistence']>;
export type FauxqsApp = ReturnType<typeof buildApp>;

const isClass = (value: unknown): boolean => typeof value === 'function';

const internalsSchema = z.object({
  SqsStore: z.custom<new () => QueueStore>(isClass),
  SnsStore: z.custom<new () => Stores['snsStore']>(isClass),
  S3Store: z.custom<new () => Stores['s3Store']>(isClass),
  PersistenceManager: z.custom<new (folder: string) => Persistence>(isClass),
});

/**
 * fauxqs exports persistence only in `startFauxqs`, which listens on every interface; `buildApp` takes stores but the package does
 * not export their classes. So they are loaded by their place in the package, whose version package.json pins exactly.
 */
async function internals(): Promise<z.infer<typeof internalsSchema>> {
  const files = ['sqs/sqsStore.js', 'sns/snsStore.js', 's3/s3Store.js', 'persistence.js'];
  const root = import.meta.resolve('fauxqs');
  const modules: unknown[] = await Promise.all(files.map((file) => import(new URL(file, root).href)));
  return internalsSchema.parse(Object.assign({}, ...modules));
}

/** fauxqs with its queues at hand. */
export interface Fauxqs {
  readonly app: FauxqsApp;
  readonly store: QueueStore;
  close(): Promise<void>;
}

/** Makes a fauxqs that keeps its queues in `folder` (SQLite), or in memory without one. It does not listen: calls are injected. */
export async function openFauxqs(folder: string | undefined): Promise<Fauxqs> {
  const { SqsStore, SnsStore, S3Store, PersistenceManager } = await internals();
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
