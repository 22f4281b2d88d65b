import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { fromBatchItem } from '#lambdas/batch/store.dynamodb.ts';
import type { StoredBatch } from '#lambdas/batch/store.ts';
import type { RegisteredClient } from '#lambdas/clients/client.ts';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
import { referenceOf } from '../world/batches.ts';
import type { Mutant } from '../world/containers.ts';
import { CALM, type Disturbance } from '../world/disturbance.ts';
import { direct } from '../world/network.ts';
import { START } from '../world/start.ts';
import { emptyStorage, memoryStores, OPEN_BATCHES_INDEX, type OpenStores, tableStores } from '../world/stores.ts';
import { tableIn } from '../world/table/client.ts';
import { MemoryTable } from '../world/table/memory-table.ts';
import type { Plan, Tenant } from './plan.ts';

/** What the stores of a history are: maps in memory, or the product's own adapters over a table in memory, below the SDK. */
export const STORE_KINDS = ['memory', 'table'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

export const isStoreKind = (name: string): name is StoreKind => STORE_KINDS.some((kind) => kind === name);

/** What lies in the stores, seen from outside. */
export interface Stored {
  readonly openStores: OpenStores;
  /** By reference, as `referenceOf`. */
  readonly batches: ReadonlyMap<string, StoredBatch>;
  /** Ids of batches of which some item beside the batch itself is stored. */
  batchIds(): ReadonlySet<string>;
}

/** Called with the reference of a batch of which something was written. */
type OnWrite = (reference: string) => void;

export async function storedAs(
  kind: StoreKind,
  plan: Plan,
  disturbance: Disturbance,
  mutant: Mutant | null,
  onWrite: OnWrite,
): Promise<Stored> {
  return kind === 'table' ? inTable(plan, disturbance, mutant, onWrite) : inMemory(plan, onWrite);
}

function inMemory({ tenants }: Plan, onWrite: OnWrite): Stored {
  const storage = emptyStorage(new Map(tenants.map((tenant) => [tenant.client_id, clientOf(tenant)])));
  const { batches, chunks } = storage;
  const set = batches.set.bind(batches);
  batches.set = (reference, stored) => {
    onWrite(reference);
    return set(reference, stored);
  };
  chunks.onState = ({ key }) => onWrite(referenceOf(key));
  return {
    openStores: memoryStores(storage),
    batches,
    batchIds: () => batchIdsIn([...chunks.items].flatMap(([pk, items]) => (items.size > 0 ? [pk] : []))),
  };
}

async function inTable(
  { tenants }: Plan,
  disturbance: Disturbance,
  mutant: Mutant | null,
  onWrite: OnWrite,
): Promise<Stored> {
  const memory = new MemoryTable(OPEN_BATCHES_INDEX, ['openBatches', 'acceptedAt']);
  const register = dynamoDbClientRegistry(tableIn(memory, direct, CALM, 1));
  for (const tenant of tenants) await register.add(clientOf(tenant));
  const batches = new Map<string, StoredBatch>();
  memory.onWrite = (key, item) => {
    const [, organisationId = '', referenceId = ''] = /^ORG#(.+)#REF#([^#]+)$/.exec(String(key['pk']?.['S'])) ?? [];
    if (referenceId === '') return;
    const reference = referenceOf({ organisationId, referenceId });
    if (key['sk']?.['S'] === 'BATCH' && item) batches.set(reference, fromBatchItem(unmarshall(attributesOf(item))));
    onWrite(reference);
  };
  return {
    openStores: tableStores(memory, disturbance, (table) => mutant?.table?.(table) ?? table),
    batches,
    batchIds: () => batchIdsIn(memory.items.map((item) => String(item['pk']?.['S']))),
  };
}

/** A batch's item as the SDK gives it: it has no bytes, of which JSON has another form. */
const attributesOf = (item: object): Record<string, AttributeValue> => JSON.parse(JSON.stringify(item));

const batchIdsIn = (partitions: readonly string[]): ReadonlySet<string> =>
  new Set(partitions.flatMap((partition) => /#BATCH#(.+)$/.exec(partition)?.[1] ?? []));

/** Salted once for all histories: what is stored of a secret changes nothing in them. */
const hashes = new Map<string, string>();
function hashOf(secret: string): string {
  const hash = hashes.get(secret) ?? createHash('sha256').update(Buffer.from('00', 'hex')).update(secret).digest('hex');
  hashes.set(secret, hash);
  return hash;
}

const clientOf = ({ client_id, organisationId, appIdentifier, client_secret }: Tenant): RegisteredClient => ({
  clientId: client_id,
  organisationId,
  appIdentifiers: [appIdentifier],
  secrets: [{ salt: '00', hash: hashOf(client_secret), validUntil: null }],
  disabled: false,
  createdAt: START,
  rotatedAt: null,
  revision: 'first',
});
