import * as z from 'zod';
import { dynamoDbClientCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { randomIds, systemClock, systemWait } from '#lambdas/platform/system.ts';
import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import { dynamoDbBudget } from '../budget.ts';
import { secretsManagerCredentials } from '../credentials.ts';
import { finProClient } from '../finpro.http.ts';
import { fiRequestStatusFunction } from './handler.ts';
import { dynamoDbStatusCache } from './status-cache.dynamodb.ts';

const environment = z
  .object({ TABLE_NAME: z.string(), FINPRO_BASE_URL: z.url(), UPSTREAM_SECRET_PREFIX: z.string() })
  .parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);
const budget = dynamoDbBudget(table, connectTable(environment.TABLE_NAME, 1), settings);

export const handler = fiRequestStatusFunction({
  clients: dynamoDbClients(table),
  clientCalls: dynamoDbClientCalls(table),
  budget,
  clientQuota: budget,
  statusCache: dynamoDbStatusCache(table),
  documents: finProClient({
    baseUrl: environment.FINPRO_BASE_URL,
    timeout: settings.upstream.timeout,
    credentialsOf: secretsManagerCredentials(environment.UPSTREAM_SECRET_PREFIX),
  }),
  clock: systemClock,
  ids: randomIds,
  wait: systemWait,
  telemetry: powertoolsTelemetry,
  settings,
});
