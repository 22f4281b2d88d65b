import * as z from 'zod';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { notFoundFunction } from './function.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);

export const handler = notFoundFunction({
  clients: dynamoDbClients(connectTable(environment.TABLE_NAME)),
  clock: systemClock,
  ids: randomIds,
});
