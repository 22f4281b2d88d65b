import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { dynamoDbBatches, dynamoDbOpenBatches } from '#lambdas/batch/store.dynamodb.ts';
import type { BatchStore, OpenBatches } from '#lambdas/batch/store.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import { ledgerKey } from '#lambdas/platform/keys.ts';
import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import { systemClock } from '#lambdas/platform/system.ts';
import { fromLedgerItem } from '#lambdas/upstream/ledger-codec.ts';
import type { LocalCloud } from './cloud.ts';

/** The product's stores, for what looks at them from outside: its calls are no part of what the product costs. */
export interface Onlooker {
  readonly openBatches: OpenBatches;
  readonly batches: BatchStore;
  readonly chunks: ChunkStore;
  readonly settings: Settings;
  /** When an organisation's circuit is tried again, in epoch milliseconds; null while it is closed. */
  circuitOpenUntil(organisationId: string): Promise<number | null>;
  close(): void;
}

/** Throws where the stack isn't the product's. */
export function onlookerOf({ unmetered, environmentOf }: LocalCloud): Onlooker {
  const [name, index] = [environmentOf('TABLE_NAME'), environmentOf('OPEN_BATCHES_INDEX')];
  if (name === undefined || index === undefined) throw new Error('no function of the stack has a TABLE_NAME');
  const dynamo = new DynamoDBClient(unmetered);
  const table = { name, client: DynamoDBDocumentClient.from(dynamo) };
  // The schema asks for each setting by its name.
  const settings = readSettings(new Proxy({}, { get: (_, setting) => environmentOf(String(setting)) }));
  return {
    openBatches: dynamoDbOpenBatches(table, index),
    batches: dynamoDbBatches(table),
    chunks: dynamoDbChunks(table, systemClock, settings),
    settings,
    circuitOpenUntil: async (organisationId) => {
      const { Item } = await table.client.send(new GetCommand({ TableName: name, Key: ledgerKey(organisationId) }));
      return Item === undefined ? null : fromLedgerItem(Item).circuitOpenUntil;
    },
    close: () => dynamo.destroy(),
  };
}
