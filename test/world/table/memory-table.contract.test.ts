import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { virtualClock } from '../clock.ts';
import { CALM, type Fault } from '../disturbance.ts';
import { NO_HISTORY } from '../history.ts';
import { type LocalTable, localTable } from '../local-table.ts';
import { direct, networkOf } from '../network.ts';
import { randomOf } from '../random.ts';
import { OPEN_BATCHES_INDEX } from '../stores.ts';
import { tableIn } from './client.ts';
import { MemoryTable } from './memory-table.ts';
import { virtualTimers } from './timers.ts';

let dynalite: LocalTable;
beforeAll(async () => {
  dynalite = await localTable();
});
afterAll(() => dynalite.close());

const aMemoryTable = (): MemoryTable => new MemoryTable(OPEN_BATCHES_INDEX, ['openBatches', 'acceptedAt']);
const tableOf = (memory: MemoryTable): Table => tableIn(memory, direct, CALM, 1);

const small = fc.integer({ min: 0, max: 3 });
const sk = small.map((number) => `item-${number}`);
const CONDITIONS = [
  'attribute_not_exists(pk)',
  'attribute_not_exists(pk) OR version <= :n OR batchId = :s',
  'version = :n',
  'NOT version < :n',
  '(attribute_exists(used.#w) AND used.#w >= :n) OR attribute_not_exists(used.#w)',
  'batchId = :s AND attribute_exists(openBatches)',
  'version BETWEEN :n AND :m',
] as const;
const UPDATES = [
  'SET version = :n',
  'SET used.#w = if_not_exists(used.#w, :zero) + :n',
  'SET used.#w = if_not_exists(used.#w, :zero) + :n REMOVE used.#other',
  'SET used.#w = used.#w - :n',
  'ADD finished :set',
  'ADD version :n',
  'SET batchId = :s REMOVE openBatches',
  'REMOVE version',
] as const;

const operation = fc.oneof(
  fc.record({
    kind: fc.constant('put'),
    sk,
    number: small,
    condition: fc.option(fc.constantFrom(...CONDITIONS)),
    isOpen: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('update'),
    sk,
    number: small,
    condition: fc.option(fc.constantFrom(...CONDITIONS)),
    update: fc.constantFrom(...UPDATES),
  }),
  fc.record({ kind: fc.constant('get'), sk, isConsistent: fc.boolean() }),
  fc.record({ kind: fc.constant('query'), prefix: fc.constantFrom('item-', 'item-1', 'none'), isIndex: fc.boolean() }),
  fc.record({ kind: fc.constant('batch'), put: sk, remove: sk }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Values for the placeholders of an expression, and only those: DynamoDB refuses any that it doesn't use. */
function placeholders(expressions: readonly string[], number: number) {
  const used = (name: string): boolean => expressions.some((each) => new RegExp(`${name}\\b`).test(each));
  const values = { ':n': number, ':m': number + 1, ':zero': 0, ':s': `batch-${number}`, ':set': new Set([number]) };
  const names = { '#w': `window-${number % 2}`, '#other': 'window-2' };
  const kept = <T>(all: Record<string, T>) => {
    const entries = Object.entries(all).filter(([name]) => used(name));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  return { ExpressionAttributeValues: kept<unknown>(values), ExpressionAttributeNames: kept(names) };
}

async function performed({ client, name: TableName }: Table, pk: string, asked: Operation): Promise<unknown> {
  try {
    switch (asked.kind) {
      case 'put': {
        const Item = {
          pk,
          sk: asked.sk,
          version: asked.number,
          batchId: `batch-${asked.number}`,
          used: { 'window-0': asked.number },
          bytes: new Uint8Array([asked.number]),
          acceptedAt: `2026-11-0${asked.number}`,
          ...(asked.isOpen ? { openBatches: pk } : {}),
        };
        const condition = asked.condition ? { ConditionExpression: asked.condition } : {};
        await client.send(
          new PutCommand({ TableName, Item, ...condition, ...placeholders([asked.condition ?? ''], asked.number) }),
        );
        return true;
      }
      case 'update': {
        const { condition, update: UpdateExpression } = asked;
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName,
            Key: { pk, sk: asked.sk },
            UpdateExpression,
            ...(condition ? { ConditionExpression: condition } : {}),
            ...placeholders([condition ?? '', UpdateExpression], asked.number),
            ReturnValues: 'ALL_NEW',
          }),
        );
        return Attributes;
      }
      case 'get':
        return (
          await client.send(
            new GetCommand({ TableName, Key: { pk, sk: asked.sk }, ConsistentRead: asked.isConsistent }),
          )
        ).Item;
      case 'query': {
        const where = asked.isIndex
          ? {
              IndexName: OPEN_BATCHES_INDEX,
              KeyConditionExpression: 'openBatches = :pk',
              ExpressionAttributeValues: { ':pk': pk },
            }
          : {
              KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
              ExpressionAttributeValues: { ':pk': pk, ':sk': asked.prefix },
              ConsistentRead: true,
            };
        return (await client.send(new QueryCommand({ TableName, ...where }))).Items;
      }
      case 'batch': {
        const put = { PutRequest: { Item: { pk, sk: asked.put, version: 9 } } };
        const remove = { DeleteRequest: { Key: { pk, sk: asked.remove } } };
        const requests = asked.put === asked.remove ? [put] : [put, remove];
        await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
        return true;
      }
    }
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'the condition did not hold';
    if (error instanceof Error && error.name === 'ValidationException') return 'not valid';
    throw error;
  }
}

const entrySchema = z.array(z.looseObject({ sk: z.string(), acceptedAt: z.string() }));

/** Entries of the index that have one sort key come in any order: their sort keys in order, and the entries by item. */
function entriesOf(answer: unknown) {
  const entries = entrySchema.parse(answer);
  return {
    sortKeys: entries.map(({ acceptedAt }) => acceptedAt),
    entries: new Map(entries.map((each) => [each.sk, each])),
  };
}

test('does what another emulator does, with any operations in any order', async () => {
  let partitions = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 15 }), async (operations) => {
      partitions += 1;
      const pk = `partition-${partitions}`;
      const memory = tableOf(aMemoryTable());
      for (const each of operations) {
        const [own, other] = [await performed(memory, pk, each), await performed(dynalite, pk, each)];
        const seen = each.kind === 'query' && each.isIndex ? entriesOf : (answer: unknown) => answer;
        expect(seen(own), JSON.stringify(each)).toEqual(seen(other));
      }
    }),
    { numRuns: 150 },
  );
});

describe('what goes wrong below the SDK', () => {
  /** A table whose attempts are struck one after the other, on a virtual clock. */
  function struck(faults: readonly (Fault | null)[], disturbance: Partial<typeof CALM> = {}) {
    const clock = virtualClock(0);
    const memory = aMemoryTable();
    const left = [...faults];
    const attempts: string[] = [];
    const fault: typeof CALM.fault = ({ name }) => {
      attempts.push(name);
      return left.shift() ?? null;
    };
    const all = { ...CALM, ...disturbance, fault };
    const worker = networkOf(clock, all, NO_HISTORY).worker('worker');
    return { clock, memory, attempts, table: tableIn(memory, worker.call, all, 5) };
  }
  const put = ({ client, name: TableName }: Table, condition = 'attribute_not_exists(pk)') =>
    client.send(new PutCommand({ TableName, Item: { pk: 'p', sk: 's' }, ConditionExpression: condition }));
  /** Runs with the SDK's pauses on the virtual clock. */
  const playing = async <T>(clock: ReturnType<typeof virtualClock>, work: () => Promise<T>): Promise<T> => {
    const restore = virtualTimers(clock, randomOf(1, 'retries'));
    try {
      return await clock.finish(work());
    } finally {
      restore();
    }
  };

  test.each<[string, readonly (Fault | null)[]]>([
    ['a lost request', ['fails-before']],
    ['throttling', ['throttled', 'throttled']],
  ])('%s: the SDK sends it again, after a pause', async (_, faults) => {
    const { clock, memory, attempts, table } = struck(faults);
    await playing(clock, () => put(table));
    expect(attempts).toHaveLength(faults.length + 1);
    expect(clock.now()).toBeGreaterThan(0);
    expect(memory.items).toHaveLength(1);
  });

  test('a lost answer: the SDK repeats the write, and meets its own', async () => {
    const { clock, memory, table } = struck(['fails-after']);
    await expect(playing(clock, () => put(table))).rejects.toThrow(ConditionalCheckFailedException);
    expect(memory.items).toHaveLength(1);
  });

  test('a fault that does not end: the SDK gives up', async () => {
    const { clock, attempts, table } = struck(Array(9).fill('fails-before'));
    await expect(playing(clock, () => put(table))).rejects.toThrow('failed');
    expect(attempts).toHaveLength(5);
  });

  test('requests of a batch write left undone are said', async () => {
    const { clock, memory, table } = struck([], { unprocessed: () => 1 });
    const requests = ['a', 'b'].map((sort) => ({ PutRequest: { Item: { pk: 'p', sk: sort } } }));
    const answer = await playing(clock, () =>
      table.client.send(new BatchWriteCommand({ RequestItems: { [table.name]: requests } })),
    );
    expect(memory.items).toHaveLength(1);
    expect(answer.UnprocessedItems).toEqual({ table: [requests[1]] });
  });

  test('a read of the index may be behind', async () => {
    let staleness = 0;
    const { clock, table } = struck([], { staleness: () => staleness });
    const { client, name: TableName } = table;
    const Item = { pk: 'p', sk: 's', openBatches: 'open', acceptedAt: '2026' };
    const open = async () =>
      (
        await client.send(
          new QueryCommand({
            TableName,
            IndexName: OPEN_BATCHES_INDEX,
            KeyConditionExpression: 'openBatches = :open',
            ExpressionAttributeValues: { ':open': 'open' },
          }),
        )
      ).Count;
    await playing(clock, () => client.send(new PutCommand({ TableName, Item })));
    expect(await playing(clock, open)).toBe(1);
    staleness = 1;
    expect(await playing(clock, open)).toBe(0);
  });
});
