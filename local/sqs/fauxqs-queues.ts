import { buildApp } from 'fauxqs';
import { z } from 'zod';
import type { AwsAnswer } from '../aws-call.ts';
import type { FauxqsInternals, Stores } from '../fauxqs.ts';
import { withGroups } from './message-groups.ts';

const messageSchema = z.looseObject({ MessageBody: z.unknown().optional(), MessageGroupId: z.string().optional() });
const sendSchema = messageSchema.extend({
  QueueUrl: z.string().optional(),
  Entries: z.array(messageSchema).optional(),
});

type QueueStore = Stores['sqsStore'];
export type StoredQueue = NonNullable<ReturnType<QueueStore['getQueueByName']>>;

/** fauxqs with its queues at hand. */
export interface Fauxqs {
  readonly store: QueueStore;
  /** Does a call of the JSON protocol. */
  call(action: string, input: Readonly<Record<string, unknown>>): Promise<AwsAnswer>;
  close(): Promise<void>;
}

/** Makes a fauxqs that keeps its queues in `folder` (SQLite), or in memory without one. It does not listen: calls are injected. */
export async function openFauxqs(fauxqs: FauxqsInternals, folder?: string): Promise<Fauxqs> {
  const { SqsStore, SnsStore, S3Store, SqsError, PersistenceManager, ...actions } = fauxqs;
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
  const store = stores.sqsStore;
  return {
    store,
    call: async (action, input) => {
      const { QueueUrl = '', Entries = [], ...single } = sendSchema.parse(input);
      const queue = store.getQueueByName(QueueUrl.split('/').at(-1) ?? '');
      const send = { SendMessage: actions.sendMessage, SendMessageBatch: actions.sendMessageBatch }[action];
      if (send !== undefined && queue?.isFifo() === false) {
        try {
          return { status: 200, body: withGroups(queue, [single, ...Entries], () => send(input, store)) };
        } catch (error) {
          if (!(error instanceof SqsError)) throw error;
          const headers = { 'x-amzn-query-error': error.queryErrorHeader };
          return { status: error.statusCode, body: error.toJSON(), headers };
        }
      }
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
      const answer = await app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(input) });
      const queryError = answer.headers['x-amzn-query-error'];
      return {
        status: answer.statusCode,
        body: answer.body === '' ? {} : answer.json(),
        headers: typeof queryError === 'string' ? { 'x-amzn-query-error': queryError } : {},
      };
    },
    close: async () => {
      await app.close();
      persistence?.close();
    },
  };
}
