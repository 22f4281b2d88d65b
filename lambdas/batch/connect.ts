import * as z from 'zod';
import { sqsChunkQueue } from '../chunk/queue.sqs.ts';
import { dynamoDbChunks } from '../chunk/store.dynamodb.ts';
import { connectTable, type Table } from '../platform/dynamodb.ts';
import { readSettings } from '../platform/settings.ts';
import { randomIds, systemClock } from '../platform/system.ts';
import { powertoolsTelemetry } from '../platform/telemetry.ts';
import type { AcceptancePorts } from './accept.ts';
import { dynamoDbBatches } from './store.dynamodb.ts';

const acceptanceEnvironment = z.object({ TABLE_NAME: z.string(), CHUNK_QUEUE_URL: z.string() });

/**
 * The ports of every function that accepts batches.
 * @throws ZodError naming a variable that is missing
 */
export function connectAcceptance(
  variables: Record<string, string | undefined>,
): AcceptancePorts & { readonly table: Table } {
  const environment = acceptanceEnvironment.parse(variables);
  const settings = readSettings(variables);
  const table = connectTable(environment.TABLE_NAME);
  return {
    table,
    batches: dynamoDbBatches(table),
    chunks: dynamoDbChunks(table, systemClock, settings),
    queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL, powertoolsTelemetry),
    clock: systemClock,
    ids: randomIds,
    telemetry: powertoolsTelemetry,
    settings,
  };
}
