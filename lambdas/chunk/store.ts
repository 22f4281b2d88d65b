import type { Batch } from '../batch/batch.ts';
import type { AccountDetails } from '../upstream/accounts.ts';
import type { ChunkInput, ChunkOutcome } from './content.ts';
import type { ChunkKey, ChunkState } from './state.ts';

/** A chunk as acceptance writes it. `rejections` are the errors of rows that failed validation. */
export interface NewChunk {
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly rejections: ChunkOutcome;
}

/** The items of a chunk. Reads are strongly consistent. */
export interface ChunkStore {
  create(chunks: readonly NewChunk[]): Promise<void>;
  /** Removes chunks whose batch was not accepted. */
  discard(keys: readonly ChunkKey[]): Promise<void>;
  /** Removes whatever was written of a batch that is not accepted yet, however it was cut into chunks. */
  clear(batch: Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>): Promise<void>;
  state(key: ChunkKey): Promise<ChunkState | null>;
  /** All chunks of a batch, in order. */
  states(batch: Pick<Batch, 'organisationId' | 'referenceId' | 'batchId'>): Promise<readonly ChunkState[]>;
  /** Writes a state under the condition that the stored version is the one before it. False: somebody else has written. */
  saveState(state: ChunkState): Promise<boolean>;
  input(key: ChunkKey): Promise<ChunkInput>;
  outcome(key: ChunkKey): Promise<ChunkOutcome>;
  /** Writes an outcome under the condition that the stored version is the one before it. False: somebody else has written. */
  saveOutcome(key: ChunkKey, outcome: ChunkOutcome): Promise<boolean>;
  /** The accounts of rows completed in one advance, kept under the version of the state that leased the chunk. */
  saveAccounts(key: ChunkKey, version: number, accounts: ReadonlyMap<number, readonly AccountDetails[]>): Promise<void>;
  /** The accounts of every row of the chunk that has any; where a row has several, those of the highest version. */
  accounts(key: ChunkKey): Promise<ReadonlyMap<number, readonly AccountDetails[]>>;
}
