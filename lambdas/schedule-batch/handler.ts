import { createHash } from 'node:crypto';
import { z } from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbChunks } from '../adapters/dynamodb/dynamodb-chunks.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { sqsChunkQueue } from '../adapters/sqs-chunk-queue.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { telemetryJournal } from '../adapters/telemetry.ts';
import { readSettings } from '../core/settings.ts';
import { acceptBatch } from '../core/use-cases/accept-batch.ts';
import { parseScheduleRequest } from '../core/use-cases/schedule-request.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { acceptanceOf, idempotencyOf, REPLAYED } from '../http/idempotency.ts';

const environment = z.object({ TABLE_NAME: z.string(), CHUNK_QUEUE_URL: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);
const clock = systemClock;
const ports = {
  batches: dynamoDbBatches(table, clock, settings),
  chunks: dynamoDbChunks(table, clock, settings),
  queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL),
  clock,
  ids: randomIds,
  journal: telemetryJournal,
  settings,
};
const authenticate = authenticator(dynamoDbClients(table), clock);

/** `POST /v2/schedule/fi/requests` (seeds, schedule bulk FI requests). */
export const handler = apiHandler({ authenticate, clock, ids: randomIds }, async ({ caller, event, transaction }) => {
  const request = parseScheduleRequest(jsonBody(event));
  const { batch, replayed } = await acceptBatch(ports, {
    organisationId: caller.organisationId,
    referenceId: request.referenceId,
    fileName: null,
    defaults: request.defaults,
    rows: request.rows.map((row) => ({ ...row, error: null })),
    idempotency: idempotencyOf(event.headers, transaction.txnid, () =>
      createHash('sha256').update(JSON.stringify(request)).digest('hex'),
    ),
  });
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
