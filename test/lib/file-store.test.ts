import { describe, expect, test } from 'vitest';
import { SETTINGS } from '#lib/settings.ts';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();
const buckets = stack.all('AWS::S3::Bucket');
const bucket = buckets[0]?.properties ?? {};

test('there is one bucket, and its logical id never changes: CloudFormation would make another, which may not have its name', () => {
  expect(buckets.map(({ logicalId }) => logicalId)).toEqual(['FileStoreBucket0DF04192']);
});

test('its name is known before it is there, differs from stack to stack, and is not longer than S3 allows', () => {
  const names = [
    stack,
    synthesized({ stage: 'prod', finproBaseUrl: 'https://finpro.test', alarmAddress: 'ops@lender.test' }),
  ].map((one) => rendered(one.all('AWS::S3::Bucket')[0]?.properties['BucketName']));
  expect(names).toEqual(['bulk-data-fetch-dev-<AWS::StackId/2>', 'bulk-data-fetch-prod-<AWS::StackId/2>']);
  const guid = '5d1c9f64-0f3b-4f0e-8a3a-3a3b1e5f6a77';
  for (const name of names) expect(name.replace('<AWS::StackId/2>', guid).length).toBeLessThanOrEqual(63);
});

describe('hardening', () => {
  test('nothing in it can be public, and every object belongs to the account', () => {
    expect(bucket['PublicAccessBlockConfiguration']).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(bucket['OwnershipControls']).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] });
    expect(bucket['AccessControl']).toBeUndefined();
  });

  test('objects are encrypted with a key of S3, and versioned', () => {
    expect(bucket['BucketEncryption']).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
    expect(bucket['VersioningConfiguration']).toEqual({ Status: 'Enabled' });
  });

  test('its policy refuses everything that is not TLS, and allows nobody anything', () => {
    const resource = { 'Fn::GetAtt': ['FileStoreBucket0DF04192', 'Arn'] };
    expect(stack.all('AWS::S3::BucketPolicy').map(({ properties }) => properties)).toEqual([
      {
        Bucket: { Ref: 'FileStoreBucket0DF04192' },
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Deny',
              Principal: { AWS: '*' },
              Action: 's3:*',
              Resource: [resource, { 'Fn::Join': ['', [resource, '/*']] }],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    ]);
  });

  test('no page of another origin may read from it', () => {
    expect(bucket['CorsConfiguration']).toBeUndefined();
  });
});

test('whatever lies in it is gone for good when its batch is; replaced files after two weeks, pieces of uploads after a day', () => {
  // A rule without a filter is one for the whole bucket. Expiry by age takes the markers of deleted objects along. What expires in a bucket with versions
  // stays as a noncurrent one for as long as these do.
  expect(bucket['LifecycleConfiguration']).toEqual({
    Rules: [
      {
        Status: 'Enabled',
        ExpirationInDays: Number(SETTINGS.RETENTION_DAYS) - 14,
        NoncurrentVersionExpiration: { NoncurrentDays: 14 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ],
  });
});

test('a replaced file can be read for as long as a dead letter may tell of it', () => {
  const deadLetters = stack
    .all('AWS::SQS::Queue')
    .find(({ properties }) => rendered(properties['QueueName']).endsWith('-files-dead-letters'));
  expect(Number(deadLetters?.properties['MessageRetentionPeriod'])).toBeLessThanOrEqual(14 * 86_400);
});

test('no function manages it: none sets its notifications, none empties it', () => {
  expect(Object.keys(stack.template.findResources('Custom::S3BucketNotifications'))).toEqual([]);
  expect(Object.keys(stack.template.findResources('Custom::S3AutoDeleteObjects'))).toEqual([]);
  expect(stack.all('AWS::Lambda::Function')).toHaveLength(stack.functions().size);
});
