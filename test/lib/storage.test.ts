import { expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, synthesized } from './synthesized.ts';

const statements = z.object({ Statement: z.array(z.object({ Action: z.unknown(), Resource: z.unknown() })) });

const stack = synthesized();
const tables = stack.all('AWS::DynamoDB::Table');

test('there is one table, and its logical id never changes: another id is another, empty table', () => {
  expect(tables.map(({ logicalId }) => logicalId)).toEqual(['StorageTableB43FDCE7']);
});

test('the table has pk and sk, is billed by request, encrypted, expires items and can be restored to any point in time', () => {
  stack.template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('the one index lists open batches by the time of acceptance and holds keys only', () => {
  expect(tables[0]?.properties['GlobalSecondaryIndexes']).toEqual([
    {
      IndexName: 'open-batches',
      KeySchema: [
        { AttributeName: 'openBatches', KeyType: 'HASH' },
        { AttributeName: 'acceptedAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ]);
});

test('a deployment can work on a table that is there: it makes none, and its functions may use just that one', () => {
  const restored = synthesized({ table: 'restored-table' });
  expect(restored.all('AWS::DynamoDB::Table')).toEqual([]);
  expect(restored.outputs['TableName']).toBe('restored-table');
  expect(restored.function('schedule-batch').properties).toMatchObject({
    Environment: { Variables: { TABLE_NAME: 'restored-table' } },
  });
  const resources = restored
    .all('AWS::IAM::Policy')
    .flatMap(({ properties }) => statements.parse(properties['PolicyDocument']).Statement)
    .filter(({ Action }) => String(Action).includes('dynamodb:'))
    .map(({ Resource }) => rendered(Resource));
  expect(new Set(resources)).toEqual(
    new Set([
      'arn:aws:dynamodb:ap-south-1:<AWS::AccountId>:table/restored-table',
      'arn:aws:dynamodb:ap-south-1:<AWS::AccountId>:table/restored-table/index/open-batches',
    ]),
  );
});
