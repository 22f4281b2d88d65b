import * as z from 'zod';
import { dynamoDbBudget } from '../adapters/dynamodb/dynamodb-budget.ts';
import { dynamoDbClientCalls } from '../adapters/dynamodb/dynamodb-client-calls.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { dynamoDbKeptStatuses } from '../adapters/dynamodb/dynamodb-kept-statuses.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { finProClient } from '../adapters/finpro/finpro-client.ts';
import { secretsManagerCredentials } from '../adapters/secrets-manager-credentials.ts';
import { randomIds, systemClock, systemWait } from '../adapters/system.ts';
import { telemetryJournal } from '../adapters/telemetry.ts';
import { readSettings } from '../core/settings.ts';
import { fiRequestStatusFunction } from './function.ts';

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
  clientShare: budget,
  keptStatuses: dynamoDbKeptStatuses(table),
  lookUps: finProClient({
    baseUrl: environment.FINPRO_BASE_URL,
    timeout: settings.upstream.timeout,
    credentialsOf: secretsManagerCredentials(environment.UPSTREAM_SECRET_PREFIX),
  }),
  clock: systemClock,
  ids: randomIds,
  wait: systemWait,
  journal: telemetryJournal,
  settings,
});
