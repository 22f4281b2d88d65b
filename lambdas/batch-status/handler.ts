import { z } from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbChunks } from '../adapters/dynamodb/dynamodb-chunks.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { readSettings } from '../core/settings.ts';
import { readStatus } from '../core/use-cases/read-status.ts';
import { parseStatusQuery } from '../core/use-cases/status-query.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { statusData } from '../http/status-data.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);
const clock = systemClock;
const ports = {
  batches: dynamoDbBatches(table, clock, settings),
  chunks: dynamoDbChunks(table, clock, settings),
};
const authenticate = authenticator(dynamoDbClients(table), clock);

/** `POST /bulk/status` (seeds, bulk status). */
export const handler = apiHandler({ authenticate, clock, ids: randomIds }, async ({ caller, event }) => {
  const report = await readStatus(ports, caller.organisationId, parseStatusQuery(jsonBody(event)));
  return {
    content: { status: 'success', message: 'Bulk status retrieved successfully', data: statusData(report) },
  };
});
