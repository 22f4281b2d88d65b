import * as z from 'zod';
import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { randomIds, systemClock, systemWait } from '#lambdas/platform/system.ts';
import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import { connectUpstream } from '../connect.ts';
import { fiRequestStatusFunction } from './handler.ts';
import { memoryStatusCache } from './status-cache.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);

export const handler = fiRequestStatusFunction({
  ...connectUpstream(process.env, table, settings),
  clients: dynamoDbClients(table),
  calls: dynamoDbCalls(table),
  statusCache: memoryStatusCache(),
  clock: systemClock,
  ids: randomIds,
  wait: systemWait,
  telemetry: powertoolsTelemetry,
  settings,
});
