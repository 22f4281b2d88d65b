import type { Batch } from '../domain/batch.ts';
import { MAXIMUM_ROWS } from '../domain/batch.ts';
import type { RowError } from '../domain/fi-failure.ts';
import { reportKey } from '../domain/file-place.ts';
import type { Batches, Chunks, Clock, Reports } from '../ports.ts';
import { reportOf } from './read-status.ts';

export interface ReportPorts {
  readonly batches: Batches;
  readonly chunks: Chunks;
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
