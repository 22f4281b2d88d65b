import type { ChunkKey } from '../chunk/state.ts';

/** Where an item lies in the table. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

const chunkNumber = (chunk: number): string => String(chunk).padStart(4, '0');

/** The batch and its chunks' states: what a status call reads. */
const referencePartition = (organisationId: string, referenceId: string): string =>
  `ORG#${organisationId}#REF#${referenceId}`;

/** All else about a batch, apart from the above so that acceptance does not press on one partition. */
const batchPartition = ({ organisationId, batchId }: Omit<ChunkKey, 'chunk' | 'referenceId'>): string =>
  `ORG#${organisationId}#BATCH#${batchId}`;

export const batchKey = (organisationId: string, referenceId: string): ItemKey => ({
  pk: referencePartition(organisationId, referenceId),
  sk: 'BATCH',
});

/** The prefix of the states of one batch; its chunks sort in order. */
export const statePrefix = (batch: Omit<ChunkKey, 'chunk'>): ItemKey => ({
  pk: referencePartition(batch.organisationId, batch.referenceId),
  sk: `STATE#${batch.batchId}#`,
});

export const stateKey = (key: ChunkKey): ItemKey => {
  const { pk, sk } = statePrefix(key);
  return { pk, sk: sk + chunkNumber(key.chunk) };
};

export const inputKey = (key: ChunkKey): ItemKey => ({
  pk: batchPartition(key),
  sk: `INPUT#${chunkNumber(key.chunk)}`,
});

export const outcomeKey = (key: ChunkKey): ItemKey => ({
  pk: batchPartition(key),
  sk: `OUTCOME#${chunkNumber(key.chunk)}`,
});

/** The prefixes of all items that are written of a batch before it is accepted. */
export const unacceptedPrefixes = (batch: Omit<ChunkKey, 'chunk'>): readonly ItemKey[] => [
  statePrefix(batch),
  { pk: batchPartition(batch), sk: 'INPUT#' },
  { pk: batchPartition(batch), sk: 'OUTCOME#' },
];

/** Accounts of a chunk sort by version, so that the last of a row is the one that counts. */
export const accountsPrefix = (key: ChunkKey): ItemKey => ({
  pk: batchPartition(key),
  sk: `ACCOUNTS#${chunkNumber(key.chunk)}#`,
});

export const accountsKey = (key: ChunkKey, version: number, part: number): ItemKey => {
  const { pk, sk } = accountsPrefix(key);
  return { pk, sk: `${sk}${String(version).padStart(8, '0')}#${part}` };
};

/** All clients lie in one partition, so that they can be listed. It is not a busy one: a container reads a client once a minute. */
export const CLIENTS = 'CLIENTS';

export const clientKey = (clientId: string): ItemKey => ({ pk: CLIENTS, sk: `CLIENT#${clientId}` });

/** An organisation that has, or has had, clients. */
export const organisationKey = (organisationId: string): ItemKey => ({
  pk: `ORG#${organisationId}`,
  sk: 'ORGANISATION',
});

export const ledgerKey = (organisationId: string): ItemKey => ({ pk: `ORG#${organisationId}#UPSTREAM`, sk: 'LEDGER' });

/** Calls of the organisation's clients, counted by the window that begins at this time. */
export const clientCallsKey = (organisationId: string, startsAt: number): ItemKey => ({
  pk: `ORG#${organisationId}#CALLS`,
  sk: `WINDOW#${startsAt}`,
});

/** The status of a session that a client has looked up. */
export const statusCacheKey = (organisationId: string, sessionId: string): ItemKey => ({
  pk: `ORG#${organisationId}#SESSION#${sessionId.toLowerCase()}`,
  sk: 'STATUS',
});
