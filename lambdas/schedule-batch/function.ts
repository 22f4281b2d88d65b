import { createHash } from 'node:crypto';
import { logger } from '../adapters/telemetry.ts';
import type { Clients } from '../core/ports.ts';
import { type AcceptancePorts, acceptBatch } from '../core/use-cases/accept-batch.ts';
import { parseScheduleRequest } from '../core/use-cases/schedule-request.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../http/idempotency.ts';

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
