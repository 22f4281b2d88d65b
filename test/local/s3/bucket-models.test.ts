import { expect, test } from 'vitest';
import { bucketModels } from '#local/s3/bucket-models.ts';
import { stackOf } from '../fixture/stack.ts';

const read = (Properties: Record<string, unknown>) =>
  bucketModels(stackOf({ Queue: { Type: 'AWS::SQS::Queue' }, Files: { Type: 'AWS::S3::Bucket', Properties } }));

test('a bucket without a name is called after its stack', () => {
  expect(read({})).toEqual([
    { name: 'stack-files', arn: 'arn:aws:s3:::stack-files', versioning: 'off', notifications: [] },
  ]);
});

test.each([
  ['another event', { QueueConfigurations: [{ Event: 's3:ObjectRemoved:*', Queue: 'arn' }] }],
  ['a function', { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: 'arn' }] }],
  ['EventBridge', { EventBridgeConfiguration: { EventBridgeEnabled: true } }],
])('a notification of %s cannot be run', (_, NotificationConfiguration) => {
  expect(() => read({ NotificationConfiguration })).toThrow('the local cloud cannot run Files (AWS::S3::Bucket)');
});
