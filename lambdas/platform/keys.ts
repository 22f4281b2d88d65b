import type { ChunkKey } from '../chunk/chunk.ts';

/** The key of an item (docs/architecture.md, "The table"). */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

const chunkNumber = (chunk: number): string => String(chunk).padStart(4, '0');

/** The batch and its chunks' states, which a status call reads in one query. */
const referencePartition = (organisationId: string, referenceId: string): string =>
  `ORG#${organisationId}#REF#${referenceId}`;

/** Everything else about a batch, in its own partition so that acceptance doesn't overload one. */
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

/** A chunk's accounts sort by version, so that a row's last ones count. */
export const accountsPrefix = (key: ChunkKey): ItemKey => ({
  pk: batchPartition(key),
  sk: `ACCOUNTS#${chunkNumber(key.chunk)}#`,
});

export const accountsKey = (key: ChunkKey, version: number, part: number): ItemKey => {
  const { pk, sk } = accountsPrefix(key);
  return { pk, sk: `${sk}${String(version).padStart(8, '0')}#${part}` };
};

/** The version in the sort key of accounts. */
export const accountsVersion = (sk: string): string => sk.split('#')[2] ?? '';

/**
 * All clients are in one partition, so that they can be listed. It isn't busy: a container reads a client once a
 * minute.
 */
export const CLIENTS = 'CLIENTS';

export const clientKey = (clientId: string): ItemKey => ({ pk: CLIENTS, sk: `CLIENT#${clientId}` });

/** Exists for every organisation that has or had clients. */
export const organisationKey = (organisationId: string): ItemKey => ({
  pk: `ORG#${organisationId}`,
  sk: 'ORGANISATION',
});

export const ledgerKey = (organisationId: string): ItemKey => ({ pk: `ORG#${organisationId}#UPSTREAM`, sk: 'LEDGER' });

/** The number of calls of one kind in the window that starts at this time. */
export const callsKey = (of: string, startsAt: number): ItemKey => ({
  pk: `CALLS#${of}`,
  sk: `WINDOW#${startsAt}`,
});

/** The row that has adopted a session of the organisation. */
export const claimKey = (organisationId: string, sessionId: string): ItemKey => ({
  pk: `ORG#${organisationId}#SESSION#${sessionId.toLowerCase()}`,
  sk: 'CLAIM',
});
