import * as z from 'zod';
import { dynamoDbBatches } from '../adapters/dynamodb/dynamodb-batches.ts';
import { dynamoDbChunks } from '../adapters/dynamodb/dynamodb-chunks.ts';
import { dynamoDbClients } from '../adapters/dynamodb/dynamodb-clients.ts';
import { connectTable } from '../adapters/dynamodb/table.ts';
import { randomIds, systemClock } from '../adapters/system.ts';
import { readSettings } from '../core/settings.ts';
import { batchStatusFunction } from './function.ts';

const environment = z.object({ TABLE_NAME: z.string() }).parse(process.env);
const settings = readSettings(process.env);
const table = connectTable(environment.TABLE_NAME);

export const handler = batchStatusFunction({
  batches: dynamoDbBatches(table, systemClock, settings),
  chunks: dynamoDbChunks(table, systemClock, settings),
  clients: dynamoDbClients(table),
  clock: systemClock,
  ids: randomIds,
});
