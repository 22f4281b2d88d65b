import type { BatchReport } from '../core/use-cases/read-status.ts';

const isoDate = (at: number): string => new Date(at).toISOString();

/** A batch's report in the spelling of the seed (bulk status, `data`). */
export const statusData = (report: BatchReport): object => ({
  reference_id: report.batch.referenceId,
  batch_id: report.batch.batchId,
  batch_status: report.status,
  ...(report.batch.error ? { error: report.batch.error } : {}),
  summary: {
    total: report.batch.total,
    ready: report.counters.READY,
    in_progress: report.counters.IN_PROGRESS,
    completed: report.counters.COMPLETED,
    failed: report.counters.FAILED,
  },
  metadata: {
    file_name: report.batch.fileName,
    submitted_at: isoDate(report.batch.acceptedAt),
    last_updated_at: isoDate(report.lastUpdatedAt),
    progress_percentage: report.progress,
    global_config: report.batch.globalConfig,
  },
  pagination: report.pagination,
  records: report.records,
});
