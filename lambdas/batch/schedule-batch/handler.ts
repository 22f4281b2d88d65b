import { createHash } from 'node:crypto';
import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { Clients } from '#lambdas/clients/store.ts';
import { invalidRequest, ServiceError } from '#lambdas/platform/errors.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { apiHandler } from '#lambdas/platform/http/route.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '#lambdas/platform/http/submission.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { type GlobalConfig, MAXIMUM_ROWS } from '../batch.ts';
import {
  type FieldFault,
  type Parsed,
  parseDefaults,
  parseRow,
  REFERENCE_ID,
  type SubmittedRow,
} from '../submission.ts';

export interface ScheduleBatchPorts extends AcceptancePorts {
  readonly clients: Clients;
}

/** `POST /v2/schedule/fi/requests` (seeds, schedule bulk FI requests). */
export function scheduleBatchFunction(ports: ScheduleBatchPorts) {
  const authenticate = authenticator(ports.clients, ports.clock);
  return apiHandler({ ...ports, authenticate }, async ({ caller, event, transaction }) => {
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
          batch_id: batch.batchId,
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
  readonly defaults: GlobalConfig;
  readonly rows: readonly SubmittedRow[];
}

const valueOrThrow = <T>(parsed: Parsed<T>, row?: number): T => {
  if (parsed.ok) return parsed.value;
  throw faultError(parsed.fault, row);
};

const faultError = ({ code, message, field }: FieldFault, row?: number): ServiceError =>
  new ServiceError('invalid', code, message, row === undefined ? { field } : { field, row });

/**
 * Checks the reference_id of any submission: 5 to 60 letters, digits, hyphens and underscores.
 * @throws ServiceError `MissingReferenceId` when it is absent, null or empty, `InvalidRequest` when it is of another type or form
 */
export function parseReferenceId(value: unknown): string {
  if (value === undefined || value === null || value === '') {
    throw new ServiceError('invalid', 'MissingReferenceId', 'reference_id is required');
  }
  if (typeof value !== 'string' || !REFERENCE_ID.test(value)) {
    throw invalidRequest('reference_id must be 5 to 60 letters, digits, hyphens and underscores', {
      field: 'reference_id',
    });
  }
  return value;
}

/**
 * Parses the body of a schedule call (seeds, schedule bulk FI requests). Any invalid row refuses the whole request.
 * @throws ServiceError `MissingReferenceId`, `InvalidRequest` or `InvalidDateRange`, naming the field and the row (from 1)
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
    throw invalidRequest('consents_list must hold at least 1 record', { field: 'consents_list', provided: 0, min: 1 });
  }
  if (list.length > MAXIMUM_ROWS) throw tooManyRows('consents_list', list.length);
  const defaults = valueOrThrow(parseDefaults(body));
  const rows = list.map((row, index) => valueOrThrow(parseRow(row, defaults, `consents_list[${index}]`), index + 1));
  return { referenceId, defaults, rows };
}

/** More rows than a batch can have, in the words of the seed. */
export const tooManyRows = (field: string, provided: number): ServiceError =>
  invalidRequest(`${field} cannot exceed 10,000 records`, { field, provided, max: MAXIMUM_ROWS });
