import type { ChunkKey } from '../chunk/state.ts';
import type { Batch } from './batch.ts';

/** The batch items. */
export interface Batches {
  /** The batch of a reference, strongly consistent; null when there is none, or its retention or its reservation is over. */
  find(organisationId: string, referenceId: string): Promise<Batch | null>;
  /** The same, but with a reservation that is over as long as nobody else has leased the reference. */
  findUpload(organisationId: string, referenceId: string): Promise<Batch | null>;
  /** Writes the batch if its reference is free. This write is the acceptance. False: the reference is taken. */
  accept(batch: Batch): Promise<boolean>;
  /** Keeps the file of a reserved batch to one reader until `until`. False: it has been read, or somebody is reading it. */
  leaseUpload(batch: Batch, until: number): Promise<boolean>;
  /** Writes what came of a reserved batch's file. False: that was done already. */
  acceptUpload(batch: Batch): Promise<boolean>;
  /** Adds a chunk to the set of finished ones; repeating it changes nothing. The batch when it was the last one, otherwise null. */
  finishChunk(key: ChunkKey): Promise<Batch | null>;
  /** Takes a finished batch off the open ones. True when it was still among them. */
  close(batch: Batch, at: number): Promise<boolean>;
}

/** The batches that are not closed yet. */
export interface OpenBatches {
  /** Oldest first. */
  list(): Promise<readonly Pick<Batch, 'organisationId' | 'referenceId'>[]>;
}
