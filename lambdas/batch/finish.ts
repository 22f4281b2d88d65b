import type { ChunkKey } from '../chunk/chunk.ts';
import type { ChunkStore } from '../chunk/store.ts';
import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { RowError } from '../upstream/failures.ts';
import { type Batch, shownId } from './batch.ts';
import { type ReportStore, reportKey } from './bucket.ts';
import { reportOf } from './status/report.ts';
import type { BatchStore } from './store.ts';
import { MAXIMUM_ROWS } from './submission.ts';

export interface FinishPorts extends ReportPorts {
  readonly telemetry: Telemetry;
}

/**
 * Adds a finished chunk to its batch; the last one finishes the batch. Safe to repeat: recovery does it again after a
 * crash.
 */
export async function finishChunk(ports: FinishPorts, key: ChunkKey): Promise<void> {
  // Null: the batch is gone, or another batch has its reference by now. Nothing is left to finish.
  const stored = await ports.batches.apply(key, { kind: 'finish-chunk', chunk: key.chunk });
  if (stored && stored.batch.finishedChunks.size >= stored.batch.chunks) await finishBatch(ports, stored.batch);
}

/** Reports a batch whose rows have ended, if it was dropped, and then closes it. */
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
  readonly reports: ReportStore;
  readonly clock: Clock;
}

/**
 * Writes the report on a dropped batch that has ended: outcome, counters and failed rows (docs/spec/upload-batch.md,
 * "The drop folder").
 */
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
    batch_id: shownId(batch),
    file_name: batch.fileName,
    submitted_at: new Date(batch.acceptedAt).toISOString(),
    reported_at: new Date(clock.now()).toISOString(),
    error: batch.error,
    summary: {
      total: batch.total,
      completed: report.counters.COMPLETED,
      failed: report.counters.FAILED,
    },
    duplicate_consents: batch.duplicates,
    failed_rows: report.records,
  });
}

/** Reports that a dropped file started no batch, and why. */
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
