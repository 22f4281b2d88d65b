import { BatchWriteCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { CALM } from '../disturbance.ts';
import { type LocalTable, localTable } from '../local-table.ts';
import { direct } from '../network.ts';
import { OPEN_BATCHES_INDEX } from '../stores.ts';
import { tableIn } from './client.ts';
import { MemoryTable } from './memory-table.ts';

const KB = 1024;

let local: LocalTable;
beforeAll(async () => {
  local = await localTable();
});
afterAll(() => local.close());

const TABLES = {
  'the table in memory': (): Table =>
    tableIn(new MemoryTable(OPEN_BATCHES_INDEX, ['openBatches', 'acceptedAt']), direct, CALM, 1),
  'the table of unit tests': (): Table => local,
};

const KEY = { pk: 'p', sk: 's' };
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

/** Commands that are just within a limit with `at`, and just beyond it with `at + 1`. */
const LIMITS: readonly {
  readonly limit: string;
  readonly at: number;
  readonly refusal: string;
  readonly send: (table: Table, size: number) => Promise<unknown>;
}[] = [
  {
    limit: 'an update expression of 4,096 bytes',
    at: 4096,
    refusal: 'Expression size has exceeded the maximum allowed size',
    send: ({ client, name: TableName }, size) =>
      client.send(new UpdateCommand({ TableName, Key: KEY, UpdateExpression: `REMOVE a${'b'.repeat(size - 8)}` })),
  },
  {
    limit: 'a condition of 4,096 bytes',
    at: 4096,
    refusal: 'Invalid ConditionExpression: Expression size has exceeded',
    send: ({ client, name: TableName }, size) =>
      client.send(
        new PutCommand({
          TableName,
          Item: KEY,
          ConditionExpression: `attribute_not_exists(a${'b'.repeat(size - 23)})`,
        }),
      ),
  },
  {
    limit: '300 operators and functions',
    at: 300,
    refusal: 'too many operators or functions; operator count: 301',
    send: ({ client, name: TableName }, size) =>
      client.send(
        new PutCommand({
          TableName,
          Item: KEY,
          ConditionExpression: `${size % 2 === 0 ? 'NOT ' : ''}a = :n${' OR a <> :n'.repeat((size - 1) / 2)}`,
          ExpressionAttributeValues: { ':n': 1 },
        }),
      ),
  },
  {
    limit: 'a partition key of 2,048 bytes',
    at: 2 * KB,
    refusal: 'Size of hashkey has exceeded the maximum size limit of2048 bytes',
    send: ({ client, name: TableName }, size) =>
      client.send(new PutCommand({ TableName, Item: { pk: 'p'.repeat(size), sk: 's' } })),
  },
  {
    limit: 'a sort key of 1,024 bytes',
    at: KB,
    refusal: 'Aggregated size of all range keys has exceeded the size limit of 1024 bytes',
    send: ({ client, name: TableName }, size) =>
      client.send(new PutCommand({ TableName, Item: { pk: 'p', sk: 's'.repeat(size) } })),
  },
  {
    limit: 'an item of 400 KB',
    at: 400 * KB,
    refusal: 'Item size has exceeded the maximum allowed size',
    // Both keys with their names are six bytes, the attribute's name is one.
    send: ({ client, name: TableName }, size) =>
      client.send(new PutCommand({ TableName, Item: { ...KEY, a: 'x'.repeat(size - 7) } })),
  },
  {
    limit: '32 levels of nesting',
    at: 32,
    refusal: 'Nesting Levels have exceeded supported limits',
    send: ({ client, name: TableName }, size) =>
      client.send(new PutCommand({ TableName, Item: { ...KEY, a: nested(size) } })),
  },
  {
    limit: '25 requests of a batch write',
    at: 25,
    refusal: 'Too many items requested for the BatchWriteItem call',
    send: ({ client, name }, size) =>
      client.send(
        new BatchWriteCommand({
          RequestItems: { [name]: times(size, (index) => ({ PutRequest: { Item: { pk: 'p', sk: `s${index}` } } })) },
        }),
      ),
  },
];

describe.each(Object.entries(TABLES))('%s refuses what DynamoDB refuses', (_table, open) => {
  test.each(LIMITS)('$limit', async ({ at, refusal, send }) => {
    const table = open();
    await send(table, at);
    await expect(send(table, at + 1)).rejects.toThrow(refusal);
  });

  test('an operand too many of IN, a long placeholder, two requests for one key, an empty key', async () => {
    const { client, name: TableName } = open();
    const put = (extra: object) => client.send(new PutCommand({ TableName, Item: KEY, ...extra }));
    const names = times(101, (index) => `:v${index}`);
    const inOperands = {
      ConditionExpression: `a IN (${names.join()})`,
      ExpressionAttributeValues: Object.fromEntries(names.map((name) => [name, 1])),
    };
    await expect(put(inOperands)).rejects.toThrow('too many operands; number of operands: 101');
    const placeholder = `:${'v'.repeat(255)}`;
    const long = { ConditionExpression: `a = ${placeholder}`, ExpressionAttributeValues: { [placeholder]: 1 } };
    await expect(put(long)).rejects.toThrow('a key of more than 255 bytes');
    const twice = [KEY, KEY].map((Item) => ({ PutRequest: { Item } }));
    const batch = client.send(new BatchWriteCommand({ RequestItems: { [TableName]: twice } }));
    await expect(batch).rejects.toThrow('Provided list of item keys contains duplicates');
    await expect(put({ Item: { pk: 'p', sk: '' } })).rejects.toThrow('cannot contain an empty string value');
  });

  test('more than 1 MB on a page of a query', async () => {
    const { client, name: TableName } = open();
    for (const index of times(20, (each) => each)) {
      const Item = { pk: 'page', sk: `s${String(index).padStart(2, '0')}`, a: 'x'.repeat(70 * KB) };
      await client.send(new PutCommand({ TableName, Item }));
    }
    const pageFrom = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :p',
          ExpressionAttributeValues: { ':p': 'page' },
          ExclusiveStartKey,
        }),
      );
    const first = await pageFrom(undefined);
    expect(first.Count).toBe(15);
    const second = await pageFrom(first.LastEvaluatedKey);
    expect([second.Count, second.LastEvaluatedKey]).toEqual([5, undefined]);
  });
});
