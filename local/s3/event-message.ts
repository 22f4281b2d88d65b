import type { BucketModel, BucketNotification } from './bucket-models.ts';
import type { DescribedObject, ObjectVersion } from './versions.ts';

/** What S3 tells of the request that made an object. */
export interface EventSource {
  readonly region: string;
  /** Such as `ObjectCreated:Put`. */
  readonly event: string;
  readonly caller: string;
  readonly requestId: string;
  readonly sourceIp: string;
}

/**
 * A key as S3 writes it in messages and, where asked for, in listings: form-encoded, the slashes left. ("Event message structure": "The
 * key is URL encoded"; red flower.jpg is red+flower.jpg.)
 */
export const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');

/** The message, version 2.1, about a new object. */
export function eventMessage(
  bucket: BucketModel,
  notification: BucketNotification,
  version: ObjectVersion & { readonly object: DescribedObject },
  source: EventSource,
): string {
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: source.region,
    eventTime: new Date(version.modified).toISOString(),
    eventName: source.event,
    userIdentity: { principalId: `AWS:${source.caller}` },
    requestParameters: { sourceIPAddress: source.sourceIp },
    responseElements: { 'x-amz-request-id': source.requestId, 'x-amz-id-2': source.requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: notification.id,
      bucket: { name: bucket.name, ownerIdentity: { principalId: 'LOCAL' }, arn: bucket.arn },
      object: {
        key: encodeKey(version.key),
        size: version.object.contentLength,
        eTag: version.object.etag.replaceAll('"', ''),
        ...(version.versionId === 'null' ? {} : { versionId: version.versionId }),
        sequencer: version.sequence.toString(16).toUpperCase().padStart(18, '0'),
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}

/** The message that S3 sends to a queue when notifications to it are set up. It has no `Records`; consumers must ignore it. */
export const testMessage = (bucket: BucketModel, requestId: string, now: number): string =>
  JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(now).toISOString(),
    Bucket: bucket.name,
    RequestId: requestId,
    HostId: requestId,
  });
