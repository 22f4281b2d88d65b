import { afterEach, beforeEach, expect, test } from 'vitest';
import { DynamoDb } from '#local/dynamodb/dynamodb.ts';
import { DynamoEngine } from '#local/dynamodb/engine.ts';
import { createTables } from '#local/dynamodb/tables.ts';
import { Meter } from '#local/meter.ts';
import { stackOf } from '../fixture/stack.ts';

const STACK = stackOf({
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: ['pk', 'sk', 'flag'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'flagged',
          KeySchema: [{ AttributeName: 'flag', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    },
  },
});

let engine: DynamoEngine;
let meter: Meter;
let dynamoDb: DynamoDb;

beforeEach(async () => {
  engine = new DynamoEngine(undefined);
  await engine.start();
  meter = new Meter();
  dynamoDb = new DynamoDb(engine, await createTables(engine, STACK), meter);
});
afterEach(() => engine.close());

const call = (action: string, input: Record<string, unknown>) =>
  dynamoDb.answer({ action, input: { TableName: 'stack-Table', ...input }, caller: 'outside' });

const key = { pk: { S: 'p' }, sk: { S: 's' } };

/** Write units, index write units and read units of what `act` does. */
async function unitsOf(act: () => Promise<unknown>): Promise<[number, number, number]> {
  meter.reset();
  await act();
  const { units } = meter.read();
  return [units['dynamodb.writeUnit'], units['dynamodb.indexWriteUnit'], units['dynamodb.readUnit']];
}

test('counts writes to the table and to its index, and reads by their consistency', async () => {
  const put = (extra: object) => unitsOf(() => call('PutItem', { Item: { ...key, ...extra } }));
  const update = (input: object) => unitsOf(() => call('UpdateItem', { Key: key, ...input }));
  expect(await put({})).toEqual([1, 0, 0]);
  expect(await put({ flag: { S: 'y' } })).toEqual([1, 1, 0]);
  expect(await put({ flag: { S: 'y' }, large: { S: 'x'.repeat(2000) } })).toEqual([2, 0, 0]);
  expect(await unitsOf(() => call('GetItem', { Key: key }))).toEqual([0, 0, 0.5]);
  expect(await unitsOf(() => call('GetItem', { Key: key, ConsistentRead: true }))).toEqual([0, 0, 1]);
  const values = { ExpressionAttributeValues: { ':x': { S: '1' } } };
  expect(await update({ UpdateExpression: 'SET note = :x', ...values })).toEqual([2, 0, 0]);
  expect(await update({ UpdateExpression: 'SET flag = :x', ...values })).toEqual([2, 2, 0]);
  expect(await update({ UpdateExpression: 'REMOVE #f', ExpressionAttributeNames: { '#f': 'flag' } })).toEqual([
    2, 1, 0,
  ]);
  expect(await unitsOf(() => call('DeleteItem', { Key: key }))).toEqual([2, 0, 0]);
});

test('counts a write whose condition failed by the size of the item it found', async () => {
  const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
  await call('PutItem', { Item: { ...key, large: { S: 'x'.repeat(2000) } } });
  const put = () => call('PutItem', { Item: key, ...condition });
  expect(await unitsOf(put)).toEqual([2, 0, 0]);
  expect(await put()).toMatchObject({
    status: 400,
    body: { __type: expect.stringContaining('ConditionalCheckFailed') },
  });
});

test('counts a write whose condition failed by the item sent where that is the larger', async () => {
  await call('PutItem', { Item: key });
  const large = { ...key, large: { S: 'x'.repeat(2000) } };
  const refused = { Item: large, ConditionExpression: 'attribute_not_exists(pk)' };
  expect(await unitsOf(() => call('PutItem', refused))).toEqual([2, 0, 0]);
  const absent = { ConditionExpression: 'attribute_exists(pk)' };
  expect(await unitsOf(() => call('PutItem', { ...absent, Item: { ...large, sk: { S: 'other' } } }))).toEqual([
    2, 0, 0,
  ]);
  expect(await unitsOf(() => call('DeleteItem', { ...absent, Key: { ...key, sk: { S: 'other' } } }))).toEqual([
    1, 0, 0,
  ]);
});

test('counts an update and a put by the larger of what was there and what is', async () => {
  const large = { S: 'x'.repeat(2000) };
  await call('PutItem', { Item: { ...key, large } });
  expect(
    await unitsOf(() =>
      call('UpdateItem', { Key: key, UpdateExpression: 'REMOVE #l', ExpressionAttributeNames: { '#l': 'large' } }),
    ),
  ).toEqual([2, 0, 0]);
  await call('PutItem', { Item: { ...key, large } });
  expect(await unitsOf(() => call('PutItem', { Item: key }))).toEqual([2, 0, 0]);
});

test('counts what a query reads: what a filter leaves out too, and of an index only what is copied there', async () => {
  const large = { S: 'x'.repeat(9000) };
  await call('PutItem', { Item: { ...key, large, flag: { S: 'y' } } });
  const ofTable = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': key.pk } };
  expect(await unitsOf(() => call('Query', ofTable))).toEqual([0, 0, 1.5]);
  expect(await unitsOf(() => call('Query', { ...ofTable, ConsistentRead: true }))).toEqual([0, 0, 3]);
  const filter = { FilterExpression: 'attribute_not_exists(flag)' };
  expect(await unitsOf(() => call('Query', { ...ofTable, ...filter }))).toEqual([0, 0, 1.5]);
  const ofIndex = {
    IndexName: 'flagged',
    KeyConditionExpression: 'flag = :f',
    ExpressionAttributeValues: { ':f': { S: 'y' } },
  };
  expect(await unitsOf(() => call('Query', ofIndex))).toEqual([0, 0, 0.5]);
});

test('counts each item of a BatchGetItem, and those that are not there', async () => {
  await call('PutItem', { Item: { ...key, large: { S: 'x'.repeat(5000) } } });
  const Keys = [key, { ...key, sk: { S: 'nowhere' } }];
  const get = (ConsistentRead: boolean) => () =>
    dynamoDb.answer({
      action: 'BatchGetItem',
      input: { RequestItems: { 'stack-Table': { Keys, ConsistentRead } } },
      caller: 'x',
    });
  expect(await unitsOf(get(false))).toEqual([0, 0, 1.5]);
  expect(await unitsOf(get(true))).toEqual([0, 0, 3]);
});

test('counts batches, and half a unit for a query that finds nothing', async () => {
  const put = (sk: string, extra = {}) => ({ PutRequest: { Item: { pk: key.pk, sk: { S: sk }, ...extra } } });
  const items = { RequestItems: { 'stack-Table': [put('1'), put('2', { flag: { S: 'y' } })] } };
  const write = async () => {
    const answer = await dynamoDb.answer({ action: 'BatchWriteItem', input: items, caller: 'x' });
    expect(answer).toEqual({ status: 200, body: { UnprocessedItems: {} } });
  };
  expect(await unitsOf(write)).toEqual([2, 1, 0]);
  const query = (pk: string, extra = {}) =>
    call('Query', { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: pk } }, ...extra });
  expect(await unitsOf(() => query('p'))).toEqual([0, 0, 0.5]);
  expect(await unitsOf(() => query('nobody'))).toEqual([0, 0, 0.5]);
  expect(await unitsOf(() => query('nobody', { ConsistentRead: true }))).toEqual([0, 0, 1]);
});

test('shows a caller neither capacity nor old values that it has not asked for', async () => {
  await call('PutItem', { Item: key });
  expect((await call('PutItem', { Item: key })).body).toEqual({});
  expect((await call('PutItem', { Item: key, ReturnValues: 'ALL_OLD' })).body).toEqual({ Attributes: key });
  expect((await call('DeleteItem', { Key: key, ReturnConsumedCapacity: 'TOTAL' })).body).toEqual({
    ConsumedCapacity: { CapacityUnits: 1, TableName: 'stack-Table' },
  });
});

test('says what permissions a call needs', () => {
  const permissions = (action: string, input: Record<string, unknown>) =>
    dynamoDb.permissions({ action, input, caller: 'x' });
  const table = 'arn:aws:dynamodb:ap-south-1:000000000000:table/stack-Table';
  expect(permissions('GetItem', { TableName: 'stack-Table' })).toEqual([
    { action: 'dynamodb:GetItem', resource: table },
  ]);
  expect(permissions('Query', { TableName: 'stack-Table', IndexName: 'flagged' })).toEqual([
    { action: 'dynamodb:Query', resource: `${table}/index/flagged` },
  ]);
  expect(
    permissions('Query', {
      TableName: 'stack-Table',
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': { S: 'ORG#lender#REF#one' }, ':sk': { S: 'STATE#' } },
    }),
  ).toMatchObject([{ action: 'dynamodb:Query', partition: 'ORG#' }]);
  for (const input of [{ Key: { pk: { S: 'CLIENTS' } } }, { Item: { pk: { S: 'CLIENTS' }, sk: { S: 'x' } } }]) {
    expect(permissions('PutItem', { TableName: 'stack-Table', ...input })).toMatchObject([{ partition: 'CLIENTS' }]);
  }
  const writes = ['ORG#a', 'ORG#b', 'CLIENTS'].map((pk) => ({ DeleteRequest: { Key: { pk: { S: pk } } } }));
  expect(permissions('BatchWriteItem', { RequestItems: { 'stack-Table': writes } })).toMatchObject([
    { partition: 'ORG#' },
    { partition: 'CLIENTS' },
  ]);
  expect(permissions('BatchWriteItem', { RequestItems: { 'stack-Table': [] } })).toEqual([
    { action: 'dynamodb:BatchWriteItem', resource: table },
  ]);
});

test('refuses what is beyond a limit of DynamoDB, and bills nothing for it', async () => {
  const update = { Key: key, UpdateExpression: `REMOVE ${'a'.repeat(4_096)}` };
  const units = await unitsOf(async () => {
    expect(await call('UpdateItem', update)).toMatchObject({
      status: 400,
      body: { __type: expect.stringContaining('ValidationException'), message: expect.stringContaining('size: 4103') },
    });
  });
  expect(units).toEqual([0, 0, 0]);
  const RequestItems = { 'stack-Table': [key, key].map((Item) => ({ PutRequest: { Item } })) };
  expect(await dynamoDb.answer({ action: 'BatchWriteItem', input: { RequestItems }, caller: 'outside' })).toMatchObject(
    {
      status: 400,
      body: { message: 'Provided list of item keys contains duplicates' },
    },
  );
});
