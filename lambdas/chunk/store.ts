import type { BatchKey } from '../batch/store.ts';
import type { AccountDetails } from '../upstream/session.ts';
import type { ChunkInput, ChunkKey, ChunkOutcome, ChunkState, ChunkTask } from './chunk.ts';

/** A chunk as acceptance writes it. `rejections` are the errors of rows that failed validation. */
export interface NewChunk {
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly rejections: ChunkOutcome;
}

/** The items of a chunk. Reads are strongly consistent. */
export interface ChunkStore {
  /** Writes chunks under a batch id that nobody has used. */
  create(chunks: readonly NewChunk[]): Promise<void>;
  /** Removes chunks whose batch was not accepted. */
  discard(keys: readonly ChunkKey[]): Promise<void>;
  state(key: ChunkKey): Promise<ChunkState | null>;
  /** All chunks of a batch, in order. */
  states(batch: BatchKey): Promise<readonly ChunkState[]>;
  /**
   * Writes a state if the stored version is the one before it. False: somebody else wrote first. Meeting its own write,
   * it counts as written.
   */
  saveState(state: ChunkState): Promise<boolean>;
  input(key: ChunkKey): Promise<ChunkInput>;
  outcome(key: ChunkKey): Promise<ChunkOutcome>;
  /** The same for an outcome. */
  saveOutcome(key: ChunkKey, outcome: ChunkOutcome): Promise<boolean>;
  /**
   * Claims a session of the organisation that a row has found by look-up. False: another row holds it. A row may claim
   * again what it holds.
   */
  claimSession(key: ChunkKey, row: number, sessionId: string): Promise<boolean>;
  /** Stores the accounts of rows completed in one advance, under the version of the state that leased the chunk. */
  saveAccounts(key: ChunkKey, version: number, accounts: ReadonlyMap<number, readonly AccountDetails[]>): Promise<void>;
  /** The accounts of every row of the chunk that has any; those of the highest version where a row has several. */
  accounts(key: ChunkKey): Promise<ReadonlyMap<number, readonly AccountDetails[]>>;
}

/** Where chunks wait for their first advance. */
export interface ChunkQueue {
  /** Sends the tasks; returns those that couldn't be sent. */
  send(tasks: readonly ChunkTask[]): Promise<readonly ChunkTask[]>;
}

/** What advances a chunk again after each wait. */
export interface ChunkLoop {
  /** Starts the loop of a task at `resumeAt` (epoch milliseconds). Starting the same task again changes nothing. */
  start(task: ChunkTask, resumeAt: number): Promise<void>;
}
