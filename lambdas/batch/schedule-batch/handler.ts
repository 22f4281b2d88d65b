import { createHash } from 'node:crypto';
import { invalidRequest } from '#lambdas/platform/errors.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { shownId } from '../batch.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../idempotency.ts';
import {
  faultError,
  MAXIMUM_ROWS,
  type Parsed,
  parseDefaults,
  parseReferenceId,
  parseRow,
  type RequestParameters,
  type SubmittedRow,
  tooManyRows,
} from '../submission.ts';

export type ScheduleBatchPorts = AcceptancePorts & ApiPorts;

/** `POST /v2/schedule/fi/requests` (docs/spec/schedule-batch.md). */
export function scheduleBatchFunction(ports: ScheduleBatchPorts) {
  return apiHandler(ports, { countedAs: 'schedule-batch' }, async ({ caller, event, transaction }) => {
    const request = parseScheduleRequest(jsonBody(event));
    const { batch, replayed } = await acceptBatch(ports, {
      organisationId: caller.organisationId,
      referenceId: request.referenceId,
      source: 'json',
      fileName: null,
      defaults: request.defaults,
      rows: request.rows.map((row) => ({ ...row, error: null })),
      idempotency: idempotencyOf(event.headers, transaction.txnid, () =>
        createHash('sha256').update(JSON.stringify(request)).digest('hex'),
      ),
    });
    logger.appendKeys({ batchId: batch.batchId });
    return {
      transaction: acceptanceOf(batch, transaction),
      content: {
        status: 'success',
        message: 'Batch accepted and queued for processing',
        data: {
          reference_id: batch.referenceId,
          batch_id: shownId(batch),
          status: 'READY',
          total_records: batch.total,
          tracking_url: '/bulk/status',
        },
      },
      ...(replayed ? { headers: REPLAYED } : {}),
    };
  });
}

/** A schedule request, parsed. */
export interface ScheduleRequest {
  readonly referenceId: string;
  readonly defaults: RequestParameters;
  readonly rows: readonly SubmittedRow[];
}

const valueOrThrow = <T>(parsed: Parsed<T>, row?: number): T => {
  if (parsed.ok) return parsed.value;
  throw faultError(parsed.fault, row);
};

/**
 * Parses the body of a schedule call. One invalid row refuses the whole request.
 * @throws ServiceError `MissingReferenceId`, `InvalidRequest` or `InvalidDateRange`, naming the field and the row (from
 * 1)
 */
export function parseScheduleRequest(body: Readonly<Record<string, unknown>>): ScheduleRequest {
  const referenceId = parseReferenceId(body['reference_id']);
  const list = body['consents_list'];
  if (list === undefined || list === null) {
    throw invalidRequest('consents_list is required', { field: 'consents_list' });
  }
  if (!Array.isArray(list)) {
    throw invalidRequest('consents_list must be an array of objects with a consent_id', { field: 'consents_list' });
  }
  if (list.length === 0) {
    throw invalidRequest('consents_list must have at least 1 record', { field: 'consents_list', provided: 0, min: 1 });
  }
  if (list.length > MAXIMUM_ROWS) throw tooManyRows('consents_list', list.length);
  const defaults = valueOrThrow(parseDefaults(body));
  const rows = list.map((row, index) => valueOrThrow(parseRow(row, defaults, `consents_list[${index}]`), index + 1));
  return { referenceId, defaults, rows };
}
