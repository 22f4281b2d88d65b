import type { BucketModel } from './bucket-models.ts';
import type { EventSource } from './event-message.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Request } from './s3-request.ts';

/** One call on a bucket that is there, or on an object of it. */
export interface Call {
  readonly request: S3Request;
  readonly bucket: BucketModel;
  readonly store: ObjectStore;
  /** What events say of the request, for an event such as `ObjectCreated:Put`. */
  source(event: string): EventSource;
}
