import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '#local/cloud.ts';
import { stackOf } from '../fixture/stack.ts';
import { clientOf } from './s3-under-test.ts';

const { assembly } = stackOf({
  Api: { Type: 'AWS::ApiGateway::RestApi' },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'files' } },
  Files: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketName: 'files',
      NotificationConfiguration: {
        QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: { 'Fn::GetAtt': ['Queue', 'Arn'] } }],
      },
    },
  },
});

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await startLocalCloud({ assembly });
});
afterAll(() => cloud?.close());

test('the local cloud has the buckets at the address of everything else, and their events in its queues', async () => {
  const endpoint = cloud.endpoints.aws;
  const s3 = clientOf(endpoint);
  await s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'a b', Body: 'x' }));
  const sqs = new SQSClient({
    endpoint,
    region: 'ap-south-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const receive = new ReceiveMessageCommand({ QueueUrl: `${endpoint}/000000000000/files`, MaxNumberOfMessages: 10 });
  const bodies: string[] = [];
  await expect
    .poll(async () => {
      const { Messages = [] } = await sqs.send(receive);
      bodies.push(...Messages.map(({ Body = '' }) => Body));
      return bodies.length;
    })
    .toBe(2);
  expect(bodies[0]).toContain('s3:TestEvent');
  expect(JSON.parse(bodies[1] ?? '')).toMatchObject({ Records: [{ s3: { object: { key: 'a+b', size: 1 } } }] });
  expect(cloud.meter.read()).toMatchObject({
    calls: { s3: { PutObject: 1 }, sqs: { SendMessage: 2 } },
    units: { 's3.putRequest': 1 },
  });
  expect(cloud.record.read()).toContainEqual({
    caller: 's3',
    action: 'sqs:SendMessage',
    resource: 'arn:aws:sqs:ap-south-1:000000000000:files',
  });
  sqs.destroy();
  s3.destroy();
});
