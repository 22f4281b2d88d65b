import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { AwsFront } from '../aws-front.ts';
import type { Sqs } from '../sqs/sqs.ts';
import type { State } from '../state.ts';
import type { BucketModel } from './bucket-models.ts';
import { testMessage } from './event-message.ts';

/** The queues that events go to. */
export interface EventQueues {
  /** Sends a message to the queue with this ARN; rejects when it may not have arrived. */
  send(queueArn: string, body: string): Promise<void>;
}

/** The local SQS as S3 uses it. SQS bills these messages to the owner of the queue. */
export const queueEvents = (front: AwsFront, sqs: Sqs): EventQueues => ({
  send: async (queueArn, body) => {
    const input = { QueueUrl: sqs.queue(queueArn).url, MessageBody: body };
    const { status, body: answer } = await front.call(sqs, 'SendMessage', input, 's3');
    if (status !== 200) throw new Error(JSON.stringify(answer));
  },
});

const TABLES = `
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, queueArn TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS tested (bucket TEXT NOT NULL, queueArn TEXT NOT NULL, PRIMARY KEY (bucket, queueArn)) STRICT;`;

const messageSchema = z.object({ id: z.number(), queueArn: z.string(), body: z.string() });

const RETRY_MILLISECONDS = 500;

/**
 * Messages about objects. The transaction that stores an object puts them in, and they are taken out once they are sent. So each is sent at
 * least once, even if the process is killed in between.
 */
export class Outbox {
  readonly #state: State;
  readonly #database: DatabaseSync;
  readonly #queues: EventQueues;
  readonly #stop = new AbortController();
  #busy = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(state: State, queues: EventQueues) {
    this.#state = state;
    this.#database = state.database;
    this.#database.exec(TABLES);
    this.#queues = queues;
  }

  /** Sends the messages that are left over, and to each queue that a bucket notifies for the first time, a test message. */
  start(buckets: readonly BucketModel[]): void {
    const pairs = buckets.flatMap((bucket) => bucket.notifications.map(({ queueArn }) => ({ bucket, queueArn })));
    this.#state.transaction(() => {
      // What is left for a queue that is not notified any more could never be sent, and would hold up the rest.
      this.#database
        .prepare('DELETE FROM messages WHERE queueArn NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(pairs.map(({ queueArn }) => queueArn)));
      const test = this.#database.prepare('INSERT OR IGNORE INTO tested VALUES (?, ?)');
      for (const { bucket, queueArn } of pairs) {
        const { changes } = test.run(bucket.name, queueArn);
        if (changes > 0) this.add(queueArn, testMessage(bucket, randomUUID(), Date.now()));
      }
    });
    this.send();
  }

  /** Part of the caller's transaction; `send` is to be called after it. */
  add(queueArn: string, body: string): void {
    this.#database.prepare('INSERT INTO messages (queueArn, body) VALUES (?, ?)').run(queueArn, body);
  }

  /** Sends what there is, one after the other, in the background. */
  send(): void {
    if (this.#busy || this.#stop.signal.aborted) return;
    this.#busy = true;
    this.#sending = this.#sendAll();
  }

  /** Stops sending; what is left is sent after the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const row = this.#database.prepare('SELECT * FROM messages ORDER BY id LIMIT 1').get();
      // Not only when the promise settles: a message that is added in between would wait for the next one.
      this.#busy = row !== undefined;
      if (row === undefined) return;
      const { id, queueArn, body } = messageSchema.parse(row);
      try {
        await this.#queues.send(queueArn, body);
        this.#database.prepare('DELETE FROM messages WHERE id = ?').run(id);
      } catch (error) {
        console.error('local cloud: an event of S3 could not be sent and will be again:', error);
        await delay(RETRY_MILLISECONDS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }
}
