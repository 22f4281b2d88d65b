import type { ChunkKey } from '../chunk/state.ts';
import type { ChunkStore } from '../chunk/store.ts';
import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { RowError } from '../upstream/failures.ts';
import { type Batch, MAXIMUM_ROWS } from './batch.ts';
import { type Reports, reportKey } from './bucket.ts';
import { reportOf } from './status/report.ts';
import type { BatchStore } from './store.ts';

export interface FinishPorts extends ReportPorts {
  readonly telemetry: Telemetry;
}

/**
 * Tells the batch that one of its chunks is finished. With the last one the batch is finished. What a crash leaves undone is done again by
 * recovery. Doing it again changes nothing.
 */
export async function finishChunk(ports: FinishPorts, key: ChunkKey): Promise<void> {
  // Null: the batch is gone, or its reference is another's by now. There is nothing to finish.
  const stored = await ports.batches.apply(key, { kind: 'finish-chunk', chunk: key.chunk });
  if (stored && stored.batch.finishedChunks.size >= stored.batch.chunks) await finishBatch(ports, stored.batch);
}

/** Reports a batch whose rows have ended, where it came through the drop folder, and closes it, in this order. */
export async function finishBatch(ports: FinishPorts, batch: Batch): Promise<void> {
  await reportBatch(ports, batch);
  const now = ports.clock.now();
  if ((await ports.batches.apply(batch, { kind: 'close', at: now })) === null) return;
  ports.telemetry.count('BatchFinished');
  ports.telemetry.gauge('BatchSeconds', Math.max(0, now - batch.acceptedAt) / 1000);
}

export interface ReportPorts {
  readonly batches: BatchStore;
  readonly chunks: ChunkStore;
  readonly reports: Reports;
  readonly clock: Clock;
}

/** Writes the report on a batch that came through the drop folder and has ended: its outcome, its counters, and its failed rows. */
export async function reportBatch({ chunks, reports, clock }: ReportPorts, batch: Batch): Promise<void> {
  if (batch.source !== 'drop' || batch.fileName === null) return;
  const report = await reportOf(chunks, batch, {
    filter: { statuses: new Set(['FAILED']), retryEligible: null, search: null },
    page: 1,
    limit: MAXIMUM_ROWS,
    includeBalances: false,
  });
  await reports.write(reportKey(`drop/${batch.organisationId}/${batch.fileName}`), {
    outcome: report.status,
    reference_id: batch.referenceId,
    batch_id: batch.batchId,
    file_name: batch.fileName,
    submitted_at: new Date(batch.acceptedAt).toISOString(),
    reported_at: new Date(clock.now()).toISOString(),
    error: batch.error,
    summary: {
      total: batch.total,
      completed: report.counters.COMPLETED,
      failed: report.counters.FAILED,
    },
    failed_rows: report.records,
  });
}

/** Writes that a dropped file started no batch, and why. */
export async function reportRejection(
  { reports, clock }: Pick<ReportPorts, 'reports' | 'clock'>,
  dropKey: string,
  error: RowError,
  suffix = '',
): Promise<void> {
  await reports.write(reportKey(dropKey, suffix), {
    outcome: 'REJECTED',
    file: dropKey,
    reported_at: new Date(clock.now()).toISOString(),
    error,
  });
}
