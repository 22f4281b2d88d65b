import { expect, test } from 'vitest';
import { storedFiles } from '#lambdas/batch/bucket.s3.ts';

/** A record as S3 writes it (Amazon S3 user guide, "Event message structure"). */
const record = (eventName: string, eTag: string) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'ap-south-1',
  eventTime: '2026-11-27T15:50:06.684Z',
  eventName,
  userIdentity: { principalId: 'AWS:uploader' },
  requestParameters: { sourceIPAddress: '192.0.2.1' },
  responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'id-2' },
  s3: {
    s3SchemaVersion: '1.0',
    configurationId: 'files',
    bucket: { name: 'bucket', ownerIdentity: { principalId: 'OWNER' }, arn: 'arn:aws:s3:::bucket' },
    object: { key: 'drop/lender/red+flower%2B.csv', size: 9_437_184, eTag, versionId: 'v1', sequencer: '0055AED6DCD9' },
  },
});

const PLAIN = 'd41d8cd98f00b204e9800998ecf8427e';

test.each([
  ['ObjectCreated:Put', PLAIN],
  ['ObjectCreated:Post', PLAIN],
  ['ObjectCreated:Copy', PLAIN],
  ['ObjectCreated:CompleteMultipartUpload', `${PLAIN}-2`],
])('an event %s is about a file, whatever its ETag looks like', (eventName, eTag) => {
  expect(storedFiles({ Records: [record(eventName, eTag)] })).toEqual([
    { key: 'drop/lender/red flower+.csv', version: 'v1', size: 9_437_184 },
  ]);
});

test.each(['ObjectRemoved:DeleteMarkerCreated', 'ObjectTagging:Put', 'LifecycleTransition', 'ObjectRestore:Completed'])(
  'an event %s is about none',
  (eventName) => {
    expect(storedFiles({ Records: [record(eventName, PLAIN)] })).toEqual([]);
  },
);

test('the message that S3 sends when notifications are set up is about none', () => {
  expect(storedFiles({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'bucket' })).toEqual([]);
});
