import { expect, test } from 'vitest';
import { synthesized } from './synthesized.ts';

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
