import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { Clients } from '#lambdas/clients/store.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { apiHandler } from '#lambdas/platform/http/route.ts';
import type { Clock, Ids } from '#lambdas/platform/system.ts';
import { parseBatchStatusQuery } from '../status/query.ts';
import type { BatchReport } from '../status/report.ts';
import { readBatchStatus, type StatusPorts } from '../status/report.ts';

export interface BatchStatusPorts extends StatusPorts {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** `POST /bulk/status` (seeds, bulk status). */
export const batchStatusFunction = (ports: BatchStatusPorts) =>
  apiHandler({ ...ports, authenticate: authenticator(ports.clients, ports.clock) }, async ({ caller, event }) => {
    const report = await readBatchStatus(ports, caller.organisationId, parseBatchStatusQuery(jsonBody(event)));
    return {
      content: { status: 'success', message: 'Bulk status retrieved successfully', data: batchStatusData(report) },
    };
  });

const isoDate = (at: number): string => new Date(at).toISOString();

/** A batch's report in the spelling of the seed (bulk status, `data`). */
export const batchStatusData = (report: BatchReport): object => ({
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
