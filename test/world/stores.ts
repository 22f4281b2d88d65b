import { dynamoDbBatches, dynamoDbOpenBatches } from '#lambdas/batch/store.dynamodb.ts';
import type { BatchStore, OpenBatches } from '#lambdas/batch/store.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import type { Client } from '#lambdas/clients/client.ts';
import { dynamoDbClients, dynamoDbOrganisations } from '#lambdas/clients/store.dynamodb.ts';
import type { ClientStore, OrganisationStore } from '#lambdas/clients/store.ts';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import type { LedgerStore } from '#lambdas/upstream/ledger.ts';
import { type BatchItems, memoryBatches } from './batches.ts';
import { type ChunkStorage, emptyChunkStorage, memoryChunks } from './chunks.ts';
import { CALM } from './disturbance.ts';
import { type LedgerItems, memoryLedgers } from './ledgers.ts';
import { direct, type RemoteCall } from './network.ts';
import { type TableDisturbance, tableIn } from './table/client.ts';
import type { MemoryTable } from './table/memory-table.ts';

/** The sparse index of open batches, as `lib/storage.ts` names it. */
export const OPEN_BATCHES_INDEX = 'open-batches';

/** The stores as one worker sees them. */
export interface Stores {
  readonly batches: BatchStore;
  readonly openBatches: OpenBatches;
  readonly chunks: ChunkStore;
  readonly ledgers: LedgerStore;
  readonly clients: ClientStore;
  readonly organisations: OrganisationStore;
}

/** Opens the stores for a worker, whose calls go through `call`. */
export type OpenStores = (call: RemoteCall, clock: Clock, settings: Settings) => Stores;

/** What the memory stores hold, to be shared by all workers. */
export interface Storage {
  readonly batches: BatchItems;
  readonly chunks: ChunkStorage;
  readonly ledgers: LedgerItems;
  readonly clients: ReadonlyMap<string, Client>;
}

export const emptyStorage = (clients: Storage['clients'] = new Map()): Storage => ({
  batches: new Map(),
  chunks: emptyChunkStorage(),
  ledgers: new Map(),
  clients,
});

/** Stores in memory: maps over the functions that say what each change does. */
export const memoryStores =
  ({ batches, chunks, ledgers, clients }: Storage) =>
  (call: RemoteCall, _clock: Clock, settings: Settings) => {
    const open = memoryBatches(call, batches);
    return {
      batches: open,
      openBatches: open,
      chunks: memoryChunks(call, chunks),
      ledgers: memoryLedgers(settings, call, ledgers),
      clients: { find: (clientId: string) => call('clients.find', () => clients.get(clientId) ?? null) },
      organisations: {
        exists: (organisationId: string) =>
          call('organisations.exists', () =>
            [...clients.values()].some((client) => client.organisationId === organisationId),
          ),
      },
    };
  };

/**
 * The product's own stores over a table in memory, below the SDK of each worker.
 * @param disturbance what the table itself does otherwise than well
 * @param change of the table as the adapters see it, for a mutant
 */
export const tableStores =
  (
    memory: MemoryTable,
    disturbance: TableDisturbance,
    change: (table: Table) => Table = (table) => table,
  ): OpenStores =>
  (call, clock, settings) => {
    // Who looks on from outside is not disturbed.
    const own = call === direct ? CALM : disturbance;
    const table = change(tableIn(memory, call, own, 5));
    return {
      batches: dynamoDbBatches(table),
      openBatches: dynamoDbOpenBatches(table, OPEN_BATCHES_INDEX),
      chunks: dynamoDbChunks(table, clock, settings),
      ledgers: dynamoDbLedgers(table, tableIn(memory, call, own, 1), settings),
      clients: dynamoDbClients(table),
      organisations: dynamoDbOrganisations(table),
    };
  };
