import * as z from 'zod';
import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '../dynamodb.ts';
import { readSettings } from '../settings.ts';
import { randomIds, systemClock } from '../system.ts';
import { notFoundFunction } from './handler.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);

const table = connectTable(environment.TABLE_NAME);

export const handler = notFoundFunction({
  clients: dynamoDbClients(table),
  calls: dynamoDbCalls(table),
  clock: systemClock,
  ids: randomIds,
  settings: readSettings(process.env),
});
