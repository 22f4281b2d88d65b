import * as z from 'zod';
import { RETRY_ELIGIBILITIES, ROW_STATUSES } from '#lambdas/chunk/row.ts';
import { refuseUnknownKeys } from '#lambdas/platform/field-names.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import { shownId } from '../batch.ts';
import { type BatchReport, type BatchStatusQuery, readBatchStatus, type StatusPorts } from '../status/report.ts';
import { firstFault, parseReferenceId } from '../submission.ts';

export type BatchStatusPorts = StatusPorts & ApiPorts;

/** `POST /bulk/status` (docs/spec/batch-status.md). */
export const batchStatusFunction = (ports: BatchStatusPorts) =>
  apiHandler(ports, { countedAs: 'bulk' }, async ({ caller, event, count }) => {
    const query = parseBatchStatusQuery(jsonBody(event));
    // It reads all that is stored of the batch's rows.
    if (query.filter.search !== null) await count('search');
    const report = await readBatchStatus(ports, caller.organisationId, query);
    return {
      content: { status: 'success', message: 'Bulk status retrieved successfully', data: batchStatusData(report) },
    };
  });

/** Maximum records per page (docs/spec/batch-status.md). */
export const MAXIMUM_LIMIT = 1000;
const DEFAULT_LIMIT = 100;
const MAX_SEARCH_LENGTH = 300;

const oneOf = (values: readonly string[]): string => `must be one of ${values.join(', ')}`;
const wholeNumber = (minimum: number, maximum: number, fallback: number, expected: string) =>
  z
    .int({ error: expected })
    .min(minimum, { error: expected })
    .max(maximum, { error: expected })
    .nullish()
    .default(fallback);

const filters = z.object(
  {
    status: z
      .array(z.enum(ROW_STATUSES, { error: oneOf(ROW_STATUSES) }), { error: 'must be an array of row statuses' })
      .nullish(),
    retry_eligible: z.enum(RETRY_ELIGIBILITIES, { error: oneOf(RETRY_ELIGIBILITIES) }).nullish(),
    search: z
      .string({ error: 'must be a string' })
      .max(MAX_SEARCH_LENGTH, { error: `must have at most ${MAX_SEARCH_LENGTH} characters` })
      .nullish(),
  },
  { error: 'must be an object with status, retry_eligible or search' },
);
const statusQuery = z.object({
  filters: filters.nullish(),
  page: wholeNumber(1, Number.MAX_SAFE_INTEGER, 1, 'must be a whole number of 1 or more'),
  limit: wholeNumber(1, MAXIMUM_LIMIT, DEFAULT_LIMIT, `must be a whole number from 1 to ${MAXIMUM_LIMIT}`),
  include_balances: z.boolean({ error: 'must be true or false' }).nullish(),
});
const KNOWN_KEYS = [
  'reference_id',
  ...Object.keys(statusQuery.shape),
  ...Object.keys(filters.shape).map((name) => `filters.${name}`),
];

/**
 * Parses the body of a batch status call (docs/spec/batch-status.md).
 * @throws ServiceError `MissingReferenceId` or `InvalidRequest`, naming the field
 */
export function parseBatchStatusQuery(body: Readonly<Record<string, unknown>>): BatchStatusQuery {
  const referenceId = parseReferenceId(body['reference_id']);
  refuseUnknownKeys(body, KNOWN_KEYS);
  const parsed = statusQuery.safeParse(body);
  if (!parsed.success) throw firstFault(parsed.error, body);
  const { filters: filter, page, limit, include_balances: includeBalances } = parsed.data;
  return {
    referenceId,
    filter: {
      statuses: new Set(filter?.status ?? []),
      retryEligible: filter?.retry_eligible ?? null,
      search: filter?.search?.toLowerCase() || null,
    },
    page: page ?? 1,
    limit: limit ?? DEFAULT_LIMIT,
    includeBalances: includeBalances ?? false,
  };
}

const isoDate = (at: number): string => new Date(at).toISOString();

/** A batch's report as the API spells it (docs/spec/batch-status.md, "Answer"). */
export const batchStatusData = (report: BatchReport): object => ({
  reference_id: report.batch.referenceId,
  batch_id: shownId(report.batch),
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
    duplicate_consents: report.batch.duplicates,
    global_config: report.batch.globalConfig,
  },
  pagination: report.pagination,
  records: report.records,
});
