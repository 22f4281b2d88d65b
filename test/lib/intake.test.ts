import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();
const [bucket] = stack.all('AWS::S3::Bucket');
const queue = stack
  .all('AWS::SQS::Queue')
  .find(({ properties }) => properties['QueueName'] === 'bulk-data-fetch-dev-files')?.logicalId;
const policySchema = z.object({
  Queues: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.object({ Statement: z.array(z.record(z.string(), z.unknown())) }),
});
const policies = stack
  .all('AWS::SQS::QueuePolicy')
  .map(({ logicalId, properties }) => ({ logicalId, ...policySchema.parse(properties) }));
const policy = policies.find(({ Queues }) => Queues.some(({ Ref }) => Ref === queue));

describe('notification', () => {
  const prefixSchema = z.object({
    S3Key: z.strictObject({ Rules: z.tuple([z.strictObject({ Name: z.literal('prefix'), Value: z.string() })]) }),
  });
  const configurationSchema = z.strictObject({
    QueueConfigurations: z.array(
      z.strictObject({ Event: z.literal('s3:ObjectCreated:*'), Filter: prefixSchema, Queue: z.unknown() }),
    ),
  });
  const configurations = configurationSchema.parse(bucket?.properties['NotificationConfiguration']).QueueConfigurations;
  const prefixes = configurations.map(({ Filter }) => Filter.S3Key.Rules[0].Value);

  test('every object that is created in drop/ or uploads/ is a message in the file queue', () => {
    expect(prefixes).toEqual(['drop/', 'uploads/']);
    for (const { Queue } of configurations) expect(rendered(Queue)).toBe(`<${queue}.Arn>`);
  });

  test('a report is none: it would be taken for a file', () => {
    const report = 'drop-reports/3f1c1d9e-7a52-4a53-9a6e-0d5a3c0b9f11/batch-1.json';
    expect(prefixes.filter((prefix) => report.startsWith(prefix))).toEqual([]);
  });

  test('no key has two configurations, which S3 refuses for the same event', () => {
    for (const prefix of prefixes) expect(prefixes.filter((other) => other.startsWith(prefix))).toEqual([prefix]);
  });
});

describe('policy of the file queue', () => {
  const allowed = policy?.PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow') ?? [];

  test('S3 may send, for this bucket of this account only, and nobody else may do anything', () => {
    expect(allowed).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
        Condition: {
          ArnEquals: { 'aws:SourceArn': expect.anything() },
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        },
      },
    ]);
  });

  test('the ARN in it is that of the bucket, though it is no reference to it', () => {
    const { ArnEquals } = z.object({ ArnEquals: z.record(z.string(), z.unknown()) }).parse(allowed[0]?.['Condition']);
    expect(rendered(ArnEquals['aws:SourceArn'])).toBe(`arn:aws:s3:::${rendered(bucket?.properties['BucketName'])}`);
    expect(JSON.stringify(policy)).not.toContain(bucket?.logicalId);
  });

  test('it is there before the bucket, whose notification S3 tries out at once', () => {
    expect(bucket?.dependsOn).toContain(policy?.logicalId);
  });

  test('no other queue lets another service in', () => {
    const others = policies.filter(({ logicalId }) => logicalId !== policy?.logicalId);
    expect(others).toHaveLength(3);
    for (const { PolicyDocument } of others) {
      expect(PolicyDocument.Statement.map(({ Effect }) => Effect)).toEqual(['Deny']);
    }
  });
});
