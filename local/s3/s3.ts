import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { HttpService } from '../aws-call.ts';
import type { CallRecord } from '../call-record.ts';
import type { FauxqsInternals } from '../fauxqs.ts';
import type { Meter } from '../meter.ts';
import type { State } from '../state.ts';
import type { StackResources } from '../template/resources.ts';
import { type BucketModel, bucketModels } from './bucket-models.ts';
import { listObjects, listVersions } from './listings.ts';
import * as objects from './object-calls.ts';
import { ObjectStore } from './object-store.ts';
import { billedAs, type Operation, operationOf, permissionFor } from './operations.ts';
import type { EventQueues } from './outbox.ts';
import { postObject } from './post-object.ts';
import { noSuchBucket, type S3Answer, S3Error, sendAnswer } from './s3-answer.ts';
import { newRequestId, readRequest, signer } from './s3-request.ts';

type Perform = (call: objects.Call) => S3Answer | Promise<S3Answer>;

const PERFORM: Readonly<Record<Exclude<Operation, 'PostObject'>, Perform>> = {
  PutObject: objects.putObject,
  CopyObject: (call) => objects.copy(call, 'putObject'),
  CreateMultipartUpload: objects.createUpload,
  UploadPart: objects.uploadPart,
  UploadPartCopy: (call) => objects.copy(call, 'uploadPart'),
  CompleteMultipartUpload: objects.completeUpload,
  AbortMultipartUpload: objects.abortUpload,
  GetObject: (call) => objects.getObject(call, 'getObject'),
  HeadObject: (call) => objects.getObject(call, 'headObject'),
  GetObjectTagging: objects.getTagging,
  PutObjectTagging: objects.putTagging,
  DeleteObjectTagging: objects.deleteTagging,
  DeleteObject: objects.deleteObject,
  ListObjectsV2: listObjects,
  ListObjectVersions: listVersions,
  HeadBucket: ({ region }) => ({ status: 200, headers: { 'x-amz-bucket-region': region } }),
};

/**
 * S3 as far as the product goes: objects, their versions, presigned POSTs whose conditions hold, and events to queues. It has the
 * template's buckets and no others.
 */
export class S3 implements HttpService {
  readonly #buckets: ReadonlyMap<string, BucketModel>;
  readonly #region: string;
  readonly #store: ObjectStore;
  readonly #meter: Meter;
  readonly #record: CallRecord;

  /** Keeps objects in `state`, and the parts of uploads under way in the folder `uploads`. */
  constructor(
    state: State,
    uploads: string,
    resources: StackResources,
    queues: EventQueues,
    { fauxqs, meter, record }: { fauxqs: FauxqsInternals; meter: Meter; record: CallRecord },
  ) {
    const buckets = bucketModels(resources);
    this.#store = new ObjectStore(state, fauxqs, uploads, queues, buckets);
    this.#buckets = new Map(buckets.map((bucket) => [bucket.name, bucket]));
    this.#region = resources.place.region;
    this.#meter = meter;
    this.#record = record;
  }

  /** Begins to send events: those that were left over at the last end first. */
  start(): void {
    this.#store.outbox.start([...this.#buckets.values()]);
  }

  /** To be called before the queues are closed. Events not sent by then are sent after the next start. */
  close(): Promise<void> {
    return this.#store.close();
  }

  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = newRequestId();
    const answer = await this.#answer(incoming, id).catch((error: unknown) => {
      // A client that disconnects during its request isn't an error.
      if (incoming.destroyed && !incoming.complete) return undefined;
      if (!(error instanceof S3Error)) console.error('local cloud:', error);
      return (error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))).answer(id);
    });
    // A client that is answered before it has sent everything would see only a closed connection.
    if (!incoming.complete && !incoming.destroyed) {
      incoming.resume();
      await finished(incoming).catch(() => undefined);
    }
    if (answer === undefined || response.destroyed) response.destroy();
    else sendAnswer(response, id, answer);
  }

  async #answer(incoming: IncomingMessage, id: string): Promise<S3Answer> {
    const request = readRequest(incoming, id);
    const operation = operationOf(request);
    this.#meter.call('s3', operation);
    const unit = billedAs(operation);
    if (unit !== undefined) this.#meter.add(unit, 1);
    const bucket = this.#bucket(request.bucket);
    const caller = operation === 'PostObject' ? 'outside' : signer(request, Date.now());
    const call: objects.Call = {
      request,
      bucket,
      store: this.#store,
      region: this.#region,
      caller,
      record: (who, needed, name, key, versionId) =>
        this.#record.add(who, permissionFor(needed, this.#bucket(name).arn, key, versionId)),
    };
    if (operation === 'PostObject') return postObject(call);
    call.record(caller, operation, bucket.name, request.key, request.query.get('versionId') ?? undefined);
    return PERFORM[operation](call);
  }

  #bucket(name: string): BucketModel {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }
}
