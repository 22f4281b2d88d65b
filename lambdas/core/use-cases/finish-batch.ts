import type { Batch } from '../domain/batch.ts';
import type { ChunkKey } from '../domain/chunk-state.ts';
import type { Journal } from '../ports.ts';
import { type ReportPorts, reportBatch } from './drop-report.ts';

export interface FinishPorts extends ReportPorts {
  readonly journal: Journal;
}

/**
 * Tells the batch that one of its chunks is finished. With the last one the batch is finished. What a crash leaves undone is done again by
 * recovery. Doing it again changes nothing.
 */
export async function finishChunk(ports: FinishPorts, key: ChunkKey): Promise<void> {
  const finished = await ports.batches.finishChunk(key);
  if (finished) await finishBatch(ports, finished);
}

/** Reports a batch whose rows have ended, where it came through the drop folder, and closes it, in this order. */
export async function finishBatch(ports: FinishPorts, batch: Batch): Promise<void> {
  await reportBatch(ports, batch);
  const now = ports.clock.now();
  if (!(await ports.batches.close(batch, now))) return;
  ports.journal.count('BatchFinished');
  ports.journal.measure('BatchSeconds', Math.max(0, now - batch.acceptedAt) / 1000);
}
