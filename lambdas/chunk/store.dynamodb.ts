import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochSeconds, ifCondition, type Table, writeAll } from '../platform/dynamodb.ts';
import {
  accountsKey,
  accountsPrefix,
  type ItemKey,
  inputKey,
  outcomeKey,
  stateKey,
  statePrefix,
  unacceptedPrefixes,
} from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';
import { type ChunkKey, type ChunkState, NO_OUTCOME } from './chunk.ts';
import { fromStateItem, toStateItem } from './codec.ts';
import {
  fromAccountsItem,
  fromInputItem,
  fromOutcomeItem,
  toAccountsItems,
  toInputItem,
  toOutcomeItem,
} from './codec-content.ts';
import type { ChunkStore, NewChunk } from './store.ts';

const DAY = 86_400_000;

const itemKey = z.object({ pk: z.string(), sk: z.string() });

/** The chunks in the table. */
export function dynamoDbChunks(table: Table, clock: Clock, settings: Settings): ChunkStore {
  const { client, name: TableName } = table;
  // A day after the batch item, so that no batch is ever without its chunks.
  const chunkExpiry = (from: number): number => epochSeconds(from + settings.retention + DAY);
  const stateItem = (state: ChunkState): object =>
    toStateItem(state, stateKey(state.key), chunkExpiry(state.acceptedAt));

  const get = async (Key: ItemKey): Promise<unknown> =>
    (await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item;

  const query = async ({ pk, sk }: ItemKey): Promise<unknown[]> => {
    const items: unknown[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
          ExclusiveStartKey,
        }),
      );
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  };

  const putNext = (Item: object, version: number): Promise<boolean> =>
    ifCondition(
      client.send(
        new PutCommand({
          TableName,
          Item: { ...Item },
          ...(version === 1
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : { ConditionExpression: 'version = :seen', ExpressionAttributeValues: { ':seen': version - 1 } }),
        }),
      ),
    );

  return {
    create: (chunks) => writeAll(table, { puts: chunks.flatMap((chunk) => newItems(chunk, stateItem, chunkExpiry)) }),
    discard: (keys) =>
      writeAll(table, { deletes: keys.flatMap((key) => [stateKey(key), inputKey(key), outcomeKey(key)]) }),
    clear: async (batch) => {
      const written = await Promise.all(unacceptedPrefixes(batch).map(query));
      await writeAll(table, { deletes: written.flat().map((item) => itemKey.parse(item)) });
    },
    state: async (key) => {
      const item = await get(stateKey(key));
      return item === undefined ? null : fromStateItem(item, chunkKeyOf(key));
    },
    states: async (batch) => {
      const items = await query(statePrefix(batch));
      return items.map((item, chunk) => fromStateItem(item, { ...batchKeyOf(batch), chunk }));
    },
    saveState: (state) => putNext(stateItem(state), state.version),
    input: async (key) => fromInputItem(await get(inputKey(key))),
    outcome: async (key) => {
      const item = await get(outcomeKey(key));
      return item === undefined ? NO_OUTCOME : fromOutcomeItem(item);
    },
    saveOutcome: (key, outcome) =>
      putNext({ ...outcomeKey(key), ...toOutcomeItem(outcome), expiresAt: chunkExpiry(clock.now()) }, outcome.version),
    saveAccounts: async (key, version, accounts) => {
      for (const [part, item] of toAccountsItems(accounts).entries()) {
        const Item = { ...accountsKey(key, version, part), ...item, expiresAt: chunkExpiry(clock.now()) };
        await client.send(new PutCommand({ TableName, Item }));
      }
    },
    accounts: async (key) => new Map((await query(accountsPrefix(key))).flatMap(fromAccountsItem)),
  };
}

const chunkKeyOf = ({ organisationId, referenceId, batchId, chunk }: ChunkKey): ChunkKey => ({
  organisationId,
  referenceId,
  batchId,
  chunk,
});

const batchKeyOf = ({ organisationId, referenceId, batchId }: Omit<ChunkKey, 'chunk'>): Omit<ChunkKey, 'chunk'> => ({
  organisationId,
  referenceId,
  batchId,
});

function newItems(
  { state, input, rejections }: NewChunk,
  stateItem: (state: ChunkState) => object,
  expiry: (from: number) => number,
): object[] {
  const expiresAt = expiry(state.acceptedAt);
  const items = [stateItem(state), { ...inputKey(state.key), ...toInputItem(input), expiresAt }];
  return rejections.errors.size === 0
    ? items
    : [...items, { ...outcomeKey(state.key), ...toOutcomeItem(rejections), expiresAt }];
}
