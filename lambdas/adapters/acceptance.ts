import * as z from 'zod';
import { readSettings } from '../core/settings.ts';
import type { AcceptancePorts } from '../core/use-cases/accept-batch.ts';
import { dynamoDbBatches } from './dynamodb/dynamodb-batches.ts';
import { dynamoDbChunks } from './dynamodb/dynamodb-chunks.ts';
import { connectTable, type Table } from './dynamodb/table.ts';
import { sqsChunkQueue } from './sqs-chunk-queue.ts';
import { randomIds, systemClock } from './system.ts';
import { telemetryJournal } from './telemetry.ts';

const acceptanceEnvironment = z.object({ TABLE_NAME: z.string(), CHUNK_QUEUE_URL: z.string() });

/** What every function that accepts batches is made of. Throws a ZodError naming a variable that is missing. */
export function connectAcceptance(
  variables: Record<string, string | undefined>,
): AcceptancePorts & { readonly table: Table } {
  const environment = acceptanceEnvironment.parse(variables);
  const settings = readSettings(variables);
  const table = connectTable(environment.TABLE_NAME);
  return {
    table,
    batches: dynamoDbBatches(table, systemClock, settings),
    chunks: dynamoDbChunks(table, systemClock, settings),
    queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL, telemetryJournal),
    clock: systemClock,
    ids: randomIds,
    journal: telemetryJournal,
    settings,
  };
}
