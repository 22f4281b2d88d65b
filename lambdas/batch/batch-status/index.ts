import * as z from 'zod';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import { dynamoDbCalls, dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { connectTable } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { randomIds, systemClock } from '#lambdas/platform/system.ts';
import { dynamoDbBatches } from '../store.dynamodb.ts';
import { batchStatusFunction } from './handler.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);

export const handler = batchStatusFunction({
  batches: dynamoDbBatches(table),
  chunks: dynamoDbChunks(table, systemClock, settings),
  clients: dynamoDbClients(table),
  calls: dynamoDbCalls(table),
  clock: systemClock,
  ids: randomIds,
  settings,
});
