import { createHash } from 'node:crypto';
import { invalidRequest, ServiceError } from '#lambdas/platform/errors.ts';
import { refuseMisspelled } from '#lambdas/platform/field-names.ts';
import { jsonBody } from '#lambdas/platform/http/event.ts';
import { type ApiPorts, apiHandler } from '#lambdas/platform/http/route.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AcceptancePorts, acceptBatch } from '../accept.ts';
import { duplicatesTold, shownId } from '../batch.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../idempotency.ts';
import {
  type FieldFault,
  MAXIMUM_ROWS,
  NO_PARAMETERS,
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
        message: `Batch accepted and queued for processing${duplicatesTold(batch)}`,
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

/** A fault, and its row from 1; null for one of the defaults. */
interface ListedFault extends FieldFault {
  readonly row: number | null;
}

/** How many faults an answer lists: enough to see what is wrong with the list, and some 20 KB at most. */
const LISTED_FAULTS = 100;

/** `errorDetails` names the first fault, `errors` the first hundred. */
const invalidList = (first: ListedFault, faults: readonly ListedFault[]): ServiceError =>
  new ServiceError(
    'invalid',
    first.code,
    first.message,
    first.row === null ? { field: first.field } : { field: first.field, row: first.row },
    undefined,
    {
      errors: faults.slice(0, LISTED_FAULTS).map(({ row, field, message }) => ({ row, field, message })),
      errorCount: faults.length,
    },
  );

/**
 * Parses the body of a schedule call. One invalid row refuses the whole request.
 * @throws ServiceError `MissingReferenceId`, `InvalidRequest` or `InvalidDateRange`, naming the field and the row (from
 * 1) of the first fault, and listing the others
 */
export function parseScheduleRequest(body: Readonly<Record<string, unknown>>): ScheduleRequest {
  refuseMisspelled(body, ['reference_id', 'consents_list']);
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
  const faults: ListedFault[] = [];
  const takeValue = <T>(parsed: Parsed<T>, row: number | null): T | null => {
    if (parsed.ok) return parsed.value;
    faults.push(...[parsed.fault, ...parsed.others].map((fault) => ({ ...fault, row })));
    return null;
  };
  const defaults = takeValue(parseDefaults(body), null) ?? NO_PARAMETERS;
  const rows = list.flatMap(
    (row, index) => takeValue(parseRow(row, defaults, `consents_list[${index}]`), index + 1) ?? [],
  );
  const [first] = faults;
  if (first) throw invalidList(first, faults);
  return { referenceId, defaults, rows };
}
