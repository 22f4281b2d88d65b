import type { ChunkKey } from '../domain/chunk-state.ts';
import type { Batches, Clock, Journal } from '../ports.ts';

export interface FinishPorts {
  readonly batches: Batches;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** Tells the batch that one of its chunks is finished; the last one closes it. Doing it again changes nothing. */
export async function finishChunk({ batches, clock, journal }: FinishPorts, key: ChunkKey): Promise<void> {
  if (await batches.finishChunk(key, clock.now())) journal.count('BatchFinished');
}
