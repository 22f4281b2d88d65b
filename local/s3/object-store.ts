import type { ActionName, ActionReply, FauxqsInternals } from '../fauxqs.ts';
import type { State } from '../state.ts';
import { type BucketModel, notificationsFor } from './bucket-models.ts';
import { type EventSource, eventMessage } from './event-message.ts';
import { type EventQueues, Outbox } from './outbox.ts';
import { noSuchKey, type S3Answer, S3Error } from './s3-answer.ts';
import { newVersionId, type ObjectVersion, Versions } from './versions.ts';

type Store = InstanceType<FauxqsInternals['S3Store']>;
type StoredObject = ReturnType<Store['getObject']>;

/** What fauxqs is to do. */
export interface Act {
  readonly bucket: BucketModel;
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** What events say of the object that it creates; without an event, it creates none. */
  readonly source: EventSource;
  /** The version to read, or to copy from, unless it's the latest. */
  readonly versionId?: string | undefined;
  /** Looks at the latest version (undefined where there is none or it is deleted) beforehand; throws to refuse. */
  readonly condition?: ((current: ObjectVersion | undefined) => void) | undefined;
}

type Current = Act & { version?: ObjectVersion };

/**
 * Objects, as fauxqs reads and writes them, with what it has not: versions, and a message about each new object that is stored in one
 * transaction with it. fauxqs keeps the parts of uploads under way; its objects are in the state.
 */
export class ObjectStore {
  readonly versions: Versions;
  readonly outbox: Outbox;
  readonly #fauxqs: FauxqsInternals;
  readonly #store: Store;
  readonly #uploads: InstanceType<FauxqsInternals['PersistenceManager']>;
  readonly #state: State;
  /** The action that is running (actions are synchronous), and the version that it has read or created. */
  #current: Current | undefined;

  /** `uploads` is a folder for uploads under way. */
  constructor(
    state: State,
    fauxqs: FauxqsInternals,
    uploads: string,
    queues: EventQueues,
    buckets: readonly BucketModel[],
  ) {
    this.#state = state;
    this.#fauxqs = fauxqs;
    this.versions = new Versions(state);
    this.outbox = new Outbox(state, queues);
    this.#store = new fauxqs.S3Store();
    for (const { name } of buckets) this.#store.createBucket(name);
    this.#uploads = new fauxqs.PersistenceManager(uploads);
    this.#uploads.loadS3(this.#store);
    const read = (bucket: string, key: string, withBody: boolean): StoredObject => {
      const version = this.find(bucket, key, this.#current?.versionId);
      if (this.#current?.source.event === '') this.#current.version = version;
      return { ...version.object, body: withBody ? this.versions.body(version) : Buffer.alloc(0) };
    };
    this.#store.getObject = (bucket, key) => read(bucket, key, true);
    this.#store.headObject = (bucket, key) => read(bucket, key, false);
    const deleteUpload = this.#uploads.deleteMultipartUpload.bind(this.#uploads);
    this.#store.persistence = Object.assign(this.#uploads, {
      upsertObject: (_: string, object: StoredObject) => this.#add(object),
      completeMultipartUpload: (uploadId: string, _: string, object: StoredObject) => {
        this.#add(object);
        deleteUpload(uploadId);
      },
    });
  }

  /**
   * Has fauxqs do an action. An object that it makes is stored, and will be announced, exactly when this returns; when it throws, nothing has
   * changed. Also returns the version that was read or made.
   */
  act(action: ActionName, act: Act): { answer: S3Answer; version: ObjectVersion | undefined } {
    const { bucket, key, query = {}, headers, body = Buffer.alloc(0) } = act;
    const latest = this.versions.find(bucket.name, key);
    act.condition?.(latest?.object === null ? undefined : latest);
    const current: Current = { ...act };
    this.#current = current;
    const reply = new Reply();
    try {
      this.#fauxqs[action]({ params: { bucket: bucket.name, '*': key }, query, headers, body }, reply, this.#store);
    } catch (error) {
      if (!(error instanceof this.#fauxqs.S3Error)) throw error;
      throw new S3Error(error.statusCode, error.code, error.message);
    } finally {
      this.#current = undefined;
    }
    this.outbox.send();
    return { answer: reply.answer, version: current.version };
  }

  /**
   * The version of this id, or the latest one.
   * @throws S3Error `NoSuchVersion`; `NoSuchKey` or `MethodNotAllowed` for a delete marker
   */
  find(bucket: string, key: string, versionId: string | undefined): ObjectVersion & { object: object } {
    const version = this.versions.find(bucket, key, versionId);
    if (version === undefined && versionId !== undefined) {
      const details = { Key: key, VersionId: versionId };
      throw new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', { details });
    }
    if (version === undefined) throw noSuchKey(key);
    const { object } = version;
    if (object !== null) return { ...version, object };
    const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    if (versionId === undefined) throw noSuchKey(key, headers);
    throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      headers: { ...headers, allow: 'DELETE' },
    });
  }

  /**
   * Deletes an object, in a bucket with versions by a delete marker; or one version for good. Returns the id of the marker that was made, or
   * of the version that was removed (undefined in a bucket without versions), and whether that is a delete marker.
   */
  delete(
    bucket: BucketModel,
    key: string,
    versionId?: string,
  ): { versionId: string | undefined; deleteMarker: boolean } {
    const id = versionId ?? newVersionId(bucket.versioning);
    return this.#state.transaction(() => {
      if (versionId === undefined && bucket.versioning !== 'off') {
        this.versions.add(bucket.name, key, id, null, null);
        return { versionId: id, deleteMarker: true };
      }
      const deleteMarker = this.versions.find(bucket.name, key, id)?.object === null;
      this.versions.remove(bucket.name, key, id);
      return { versionId, deleteMarker };
    });
  }

  async close(): Promise<void> {
    await this.outbox.close();
    this.#uploads.close();
  }

  #add({ body, ...object }: StoredObject): void {
    const current = this.#current;
    if (current === undefined) throw new Error('objects are made by actions only');
    const { bucket, key, source } = current;
    if (object.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    current.version = this.#state.transaction(() => {
      const added = this.versions.add(bucket.name, key, newVersionId(bucket.versioning), object, body);
      for (const notification of notificationsFor(bucket, source.event, key)) {
        this.outbox.add(notification.queueArn, eventMessage(bucket, notification, { ...added, object }, source));
      }
      return added;
    });
  }
}

/** Remembers what an action answers. */
class Reply implements ActionReply {
  answer: S3Answer = { status: 200 };

  header(name: string, value: string | number): this {
    this.answer = { ...this.answer, headers: { ...this.answer.headers, [name]: String(value) } };
    return this;
  }

  status(status: number): this {
    this.answer = { ...this.answer, status };
    return this;
  }

  send(body: string | Buffer = ''): this {
    this.answer = { ...this.answer, body };
    return this;
  }
}
