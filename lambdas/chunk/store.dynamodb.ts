import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import * as z from 'zod';
import { epochSeconds, IS_OWN_WRITE, ifCondition, newWriteId, type Table, writeAll } from '../platform/dynamodb.ts';
import {
  accountsKey,
  accountsPrefix,
  claimKey,
  type ItemKey,
  inputKey,
  outcomeKey,
  stateKey,
  statePrefix,
} from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import { allSettled } from '../platform/settled.ts';
import type { Clock } from '../platform/system.ts';
import { type ChunkKey, type ChunkState, NO_OUTCOME } from './chunk.ts';
import { fromStateItem, toStateItem } from './codec.ts';
import {
  fromAccountsItem,
  fromInputItem,
  fromOutcomeItem,
  mergedAccounts,
  toAccountsItems,
  toClaimItem,
  toInputItem,
  toOutcomeItem,
} from './codec-content.ts';
import type { ChunkStore, NewChunk } from './store.ts';

const DAY = 86_400_000;
/** Fewer than the SDK's 50 sockets: waiting for one counts as connecting, which has a time-out. */
const CONCURRENT_PUTS = 25;

const sortKey = z.object({ sk: z.string() });

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

  const putNext = (item: object, version: number): Promise<boolean> => {
    const writeId = newWriteId();
    const isNext = version === 1 ? 'attribute_not_exists(pk)' : 'version = :seen';
    const write = {
      TableName,
      Item: { ...item, writeId },
      ConditionExpression: `${isNext} OR ${IS_OWN_WRITE}`,
      ExpressionAttributeValues: { ':writeId': writeId, ...(version === 1 ? {} : { ':seen': version - 1 }) },
    };
    return ifCondition(client.send(new PutCommand(write)));
  };

  return {
    create: async (chunks) => {
      const inputs = chunks.map(({ state, input }) => ({
        ...inputKey(state.key),
        ...toInputItem(input),
        expiresAt: chunkExpiry(state.acceptedAt),
      }));
      await allSettled([
        writeAll(table, { puts: inputs }),
        // A repeat of these must not arrive when the chunk has moved. A false is such a repeat: nobody else has this id.
        pMap(
          chunks.flatMap((chunk) => changingItems(chunk, stateItem, chunkExpiry)),
          (item) => putNext(item, 1),
          { concurrency: CONCURRENT_PUTS, stopOnError: false },
        ),
      ]);
    },
    discard: (keys) =>
      writeAll(table, { deletes: keys.flatMap((key) => [stateKey(key), inputKey(key), outcomeKey(key)]) }),
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
    claimSession: (key, row, sessionId) => {
      const claim = toClaimItem(key, row);
      return ifCondition(
        client.send(
          new PutCommand({
            TableName,
            Item: { ...claimKey(key.organisationId, sessionId), ...claim, expiresAt: chunkExpiry(clock.now()) },
            ConditionExpression: 'attribute_not_exists(pk) OR holder = :holder',
            ExpressionAttributeValues: { ':holder': claim.holder },
          }),
        ),
      );
    },
    saveAccounts: async (key, version, accounts) => {
      for (const [part, item] of toAccountsItems(accounts).entries()) {
        const Item = { ...accountsKey(key, version, part), ...item, expiresAt: chunkExpiry(clock.now()) };
        await client.send(new PutCommand({ TableName, Item }));
      }
    },
    accounts: async (key) =>
      mergedAccounts(
        (await query(accountsPrefix(key))).map((item) => [sortKey.parse(item).sk, fromAccountsItem(item)] as const),
      ),
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

function changingItems(
  { state, rejections }: NewChunk,
  stateItem: (state: ChunkState) => object,
  expiry: (from: number) => number,
): object[] {
  const expiresAt = expiry(state.acceptedAt);
  return rejections.errors.size === 0
    ? [stateItem(state)]
    : [stateItem(state), { ...outcomeKey(state.key), ...toOutcomeItem(rejections), expiresAt }];
}
