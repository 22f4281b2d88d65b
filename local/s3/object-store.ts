import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { type Bodies, FileBodies, MemoryBodies } from './bodies.ts';
import { type BucketModel, notificationsFor } from './bucket-models.ts';
import { Digests, type ExpectedDigests } from './checksums.ts';
import { openDatabase, transaction } from './database.ts';
import { type EventSource, eventMessage, testMessage } from './event-message.ts';
import { type NewVersion, ObjectIndex, type ObjectVersion } from './object-index.ts';
import { type EventQueues, Outbox } from './outbox.ts';

/** An object on its way in. */
export interface IncomingObject {
  readonly key: string;
  readonly body: AsyncIterable<Buffer>;
  readonly expected: ExpectedDigests;
  /** To be answered with the object. */
  readonly headers: Readonly<Record<string, string>>;
  /** Looks at the latest version (undefined where there is none or it is deleted) when this one is stored; throws to refuse. */
  readonly condition?: (current: ObjectVersion | undefined) => void;
  readonly source: EventSource;
}

/** What a deletion left or took. */
export interface Deletion {
  /** Of the delete marker that was made, or of the version that was removed; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  readonly deleteMarker: boolean;
}

/** Objects with their versions and the messages about them. Kept in `folder` or, without one, in memory. */
export class ObjectStore {
  readonly index: ObjectIndex;
  readonly #database: DatabaseSync;
  readonly #bodies: Bodies;
  readonly #outbox: Outbox;

  constructor(folder: string | undefined, queues: EventQueues) {
    this.#database = openDatabase(folder);
    this.index = new ObjectIndex(this.#database);
    this.#bodies = folder === undefined ? new MemoryBodies() : new FileBodies(join(folder, 'objects'));
    this.#bodies.keepOnly(this.index.bodies());
    this.#outbox = new Outbox(this.#database, queues);
  }

  /** Sends the messages that are left over, and to each queue that a bucket notifies for the first time, a test message. */
  start(buckets: readonly BucketModel[]): void {
    transaction(this.#database, () => {
      const queues = buckets.flatMap(({ notifications }) => notifications.map(({ queueArn }) => queueArn));
      this.#outbox.keepOnly(new Set(queues));
      for (const bucket of buckets) {
        for (const { queueArn } of bucket.notifications) {
          this.#outbox.addOnce(bucket.name, queueArn, testMessage(bucket, randomUUID(), Date.now()));
        }
      }
    });
    this.#outbox.send();
  }

  /** Stores a new version. It is there, and will be announced, exactly when this resolves; when it rejects nothing has changed. */
  async put(
    bucket: BucketModel,
    { key, body, expected, headers, condition, source }: IncomingObject,
  ): Promise<ObjectVersion> {
    const digests = new Digests(expected);
    const id = await this.#bodies.write(digests.of(body));
    try {
      const { size, etag, checksum } = digests.end();
      const version: NewVersion = {
        bucket: bucket.name,
        key,
        versionId: newVersionId(bucket),
        body: id,
        size,
        etag,
        modified: Date.now(),
        headers: { ...headers, ...checksum },
      };
      return this.#change(bucket, key, version.versionId, () => {
        condition?.(this.#undeleted(bucket.name, key));
        const added = this.index.add(version);
        for (const notification of notificationsFor(bucket, source.event, key)) {
          this.#outbox.add(notification.queueArn, eventMessage(bucket, notification, added, source));
        }
        return added;
      });
    } catch (error) {
      this.#bodies.remove(id);
      throw error;
    }
  }

  /** Deletes an object, in a bucket with versions by a delete marker; or one version for good. */
  delete(bucket: BucketModel, key: string, versionId: string | undefined): Deletion {
    if (versionId !== undefined) {
      const deleteMarker = this.index.find(bucket.name, key, versionId)?.body === null;
      this.#change(bucket, key, versionId, () => this.index.remove(bucket.name, key, versionId));
      return { versionId, deleteMarker };
    }
    const id = newVersionId(bucket);
    if (bucket.versioning === 'off') {
      this.#change(bucket, key, id, () => this.index.remove(bucket.name, key, id));
      return { versionId: undefined, deleteMarker: false };
    }
    const place = { bucket: bucket.name, key, versionId: id };
    this.#change(bucket, key, id, () =>
      this.index.add({ ...place, body: null, size: 0, etag: '', modified: Date.now(), headers: {} }),
    );
    return { versionId: id, deleteMarker: true };
  }

  /** The bytes of a version from `start` to `end`, both included. */
  read(version: ObjectVersion, start: number, end: number): Readable {
    if (version.body === null) throw new Error('a delete marker has no body');
    return this.#bodies.read(version.body, start, end);
  }

  async close(): Promise<void> {
    await this.#outbox.close();
    this.#database.close();
  }

  #undeleted(bucket: string, key: string): ObjectVersion | undefined {
    const latest = this.index.find(bucket, key);
    return latest?.body === null ? undefined : latest;
  }

  /** Changes the index, then removes the body of the version that had this id before. */
  #change<Result>(bucket: BucketModel, key: string, versionId: string, change: () => Result): Result {
    const replaced = this.index.find(bucket.name, key, versionId)?.body;
    const result = transaction(this.#database, change);
    if (replaced !== undefined && replaced !== null) this.#bodies.remove(replaced);
    this.#outbox.send();
    return result;
  }
}

/** AWS's ids, too, are opaque and fit into a URL. */
const newVersionId = ({ versioning }: BucketModel): string =>
  versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';
