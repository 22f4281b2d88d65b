import type { ChunkKey } from '../domain/chunk-state.ts';
import type { Journal } from '../ports.ts';
import { type ReportPorts, reportBatch } from './drop-report.ts';

export interface FinishPorts extends ReportPorts {
  readonly journal: Journal;
}

/**
 * Tells the batch that one of its chunks is finished. With the last one the batch is reported, where it came through the drop folder, and
 * closed, in this order: what a crash leaves undone is done again by recovery. Doing it again changes nothing.
 */
export async function finishChunk(ports: FinishPorts, key: ChunkKey): Promise<void> {
  const finished = await ports.batches.finishChunk(key);
  if (!finished) return;
  await reportBatch(ports, finished);
  const now = ports.clock.now();
  if (!(await ports.batches.close(finished, now))) return;
  ports.journal.count('BatchFinished');
  ports.journal.measure('BatchSeconds', Math.max(0, now - finished.acceptedAt) / 1000);
}
