import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { HttpService } from '../aws-call.ts';
import type { CallRecord } from '../call-record.ts';
import type { Meter } from '../meter.ts';
import type { StackResources } from '../template/resources.ts';
import { type BucketModel, bucketModels } from './bucket-models.ts';
import type { Call } from './call.ts';
import { listObjects, listVersions } from './listings.ts';
import { deleteObject, getObject, putObject } from './object-calls.ts';
import { ObjectStore } from './object-store.ts';
import { billedAs, type Operation, operationOf, permissionFor } from './operations.ts';
import type { EventQueues } from './outbox.ts';
import { postObject } from './post-object.ts';
import { errorAnswer, type S3Answer, sendAnswer } from './s3-answer.ts';
import { S3Error } from './s3-error.ts';
import { newRequestId, readRequest, type S3Request, signer } from './s3-request.ts';

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

  /** Keeps objects in `folder` or, without one, in memory. */
  constructor(
    folder: string | undefined,
    resources: StackResources,
    queues: EventQueues,
    { meter, record }: { meter: Meter; record: CallRecord },
  ) {
    this.#buckets = new Map(bucketModels(resources).map((bucket) => [bucket.name, bucket]));
    this.#region = resources.place.region;
    this.#store = new ObjectStore(folder, queues);
    this.#meter = meter;
    this.#record = record;
  }

  /** Begins to send events: those that were left over at the last end first. */
  start(): void {
    this.#store.start([...this.#buckets.values()]);
  }

  /** To be called before the queues are closed. Events not sent by then are sent after the next start. */
  close(): Promise<void> {
    return this.#store.close();
  }

  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = newRequestId();
    const answer = await this.#answer(incoming, id).catch((error: unknown) => {
      // A client that went away in the middle of its request is no news.
      return incoming.destroyed && !incoming.complete ? undefined : errorAnswer(error, id);
    });
    // Who is answered before having sent everything takes a closed connection for the answer.
    if (!incoming.complete && !incoming.destroyed) {
      incoming.unpipe();
      incoming.resume();
      await finished(incoming).catch(() => undefined);
    }
    if (answer === undefined || response.destroyed) response.destroy();
    else await sendAnswer(response, id, answer);
  }

  async #answer(incoming: IncomingMessage, id: string): Promise<S3Answer> {
    const request = readRequest(incoming, id);
    const operation = operationOf(request);
    this.#meter.call('s3', operation);
    const unit = billedAs(operation);
    if (unit !== undefined) this.#meter.add(unit, 1);
    const bucket = this.#buckets.get(request.bucket);
    if (bucket === undefined) {
      const details = { BucketName: request.bucket };
      throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { details });
    }
    const needs = (caller: string, key: string): void =>
      this.#record.add(caller, permissionFor(operation, bucket.arn, key, request.query.get('versionId')));
    if (operation === 'PostObject') return postObject(this.#call(request, bucket, 'outside'), this.#region, needs);
    const caller = signer(request, Date.now());
    needs(caller, request.key);
    return this.#perform(operation, this.#call(request, bucket, caller));
  }

  #call(request: S3Request, bucket: BucketModel, caller: string): Call {
    const { id: requestId, sourceIp } = request;
    const source = (event: string) => ({ region: this.#region, event, caller, requestId, sourceIp });
    return { request, bucket, store: this.#store, source };
  }

  async #perform(operation: Exclude<Operation, 'PostObject'>, call: Call): Promise<S3Answer> {
    switch (operation) {
      case 'PutObject':
        return putObject(call);
      case 'GetObject':
      case 'HeadObject':
        return getObject(call);
      case 'DeleteObject':
        return deleteObject(call);
      case 'ListObjectsV2':
        return listObjects(call);
      case 'ListObjectVersions':
        return listVersions(call);
      case 'HeadBucket':
        return { status: 200, headers: { 'x-amz-bucket-region': this.#region } };
    }
  }
}
