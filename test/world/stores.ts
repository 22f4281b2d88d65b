import type { BatchStore, OpenBatches } from '#lambdas/batch/store.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import type { Client } from '#lambdas/clients/client.ts';
import type { Clients, Organisations } from '#lambdas/clients/store.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import type { LedgerStore } from '#lambdas/upstream/ledger.ts';
import { type BatchItems, memoryBatches } from './batches.ts';
import { type ChunkStorage, emptyChunkStorage, memoryChunks } from './chunks.ts';
import { type LedgerItems, memoryLedgers } from './ledgers.ts';
import type { RemoteCall } from './network.ts';

/** The stores as one worker sees them. */
export interface Stores {
  readonly batches: BatchStore;
  readonly openBatches: OpenBatches;
  readonly chunks: ChunkStore;
  readonly ledgers: LedgerStore;
  readonly clients: Clients;
  readonly organisations: Organisations;
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
