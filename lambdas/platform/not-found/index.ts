import * as z from 'zod';
import { dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '../dynamodb.ts';
import { randomIds, systemClock } from '../system.ts';
import { notFoundFunction } from './handler.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);

export const handler = notFoundFunction({
  clients: dynamoDbClients(connectTable(environment.TABLE_NAME)),
  clock: systemClock,
  ids: randomIds,
});
