import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { synthesized } from './synthesized.ts';

const stack = synthesized();
const queues = stack.all('AWS::SQS::Queue');
const named = (name: string) =>
  queues.find(({ properties }) => properties['QueueName'] === `bulk-data-fetch-dev-${name}`);

describe.each([
  ['chunks', 'start-chunk', 20],
  ['files', 'ingest-file', 5],
])('queue of %s', (name, consumer, maximumConcurrency) => {
  const queue = named(name);
  const deadLetters = named(`${name}-dead-letters`);

  test('a message stays hidden for six times the timeout of its consumer', () => {
    const timeout = z.number().parse(stack.function(consumer).properties['Timeout']);
    expect(queue?.properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
  });

  test('after five deliveries a message goes to the dead-letter queue, where it lies as long as SQS allows', () => {
    expect(queue?.properties['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters?.logicalId, 'Arn'] },
      maxReceiveCount: 5,
    });
    expect(deadLetters?.properties['MessageRetentionPeriod']).toBe(14 * 86_400);
  });

  test('a message is kept for longer than a batch may take', () => {
    expect(queue?.properties['MessageRetentionPeriod']).toBeGreaterThan(86_400);
  });

  test('it is a standard queue, so that message groups make it fair and not ordered', () => {
    expect(queue?.properties['FifoQueue']).toBeUndefined();
  });

  test(`${consumer} gets one message at a time, at most ${maximumConcurrency} at once, and reports failures one by one`, () => {
    const source = { 'Fn::GetAtt': [queue?.logicalId, 'Arn'] };
    const mappings = stack.all('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties);
    expect(mappings.filter(({ EventSourceArn }) => JSON.stringify(EventSourceArn) === JSON.stringify(source))).toEqual([
      {
        EventSourceArn: source,
        FunctionName: { Ref: stack.function(consumer).logicalId },
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: maximumConcurrency },
      },
    ]);
  });
});

test('there are two queues, each with its dead letters, and a consumer for each of the two', () => {
  expect(queues).toHaveLength(4);
  expect(stack.all('AWS::Lambda::EventSourceMapping')).toHaveLength(2);
});

test.each(queues.map(({ logicalId, properties }) => [logicalId, properties] as const))(
  '%s is encrypted, and nobody reaches it without TLS',
  (logicalId, properties) => {
    expect(properties['SqsManagedSseEnabled']).toBe(true);
    stack.template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: logicalId }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  },
);
