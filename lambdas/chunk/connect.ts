import * as z from 'zod';
import { reportsOnDemand } from '../batch/reports.s3.ts';
import { dynamoDbBatches } from '../batch/store.dynamodb.ts';
import { connectTable } from '../platform/dynamodb.ts';
import { readSettings } from '../platform/settings.ts';
import { systemClock } from '../platform/system.ts';
import { powertoolsTelemetry } from '../platform/telemetry.ts';
import { connectUpstream } from '../upstream/connect.ts';
import type { AdvancePorts } from './advance.ts';
import { dynamoDbChunks } from './store.dynamodb.ts';

const workerEnvironment = z.object({ TABLE_NAME: z.string(), BUCKET_NAME: z.string() });

/**
 * The ports of both functions that advance chunks.
 * @throws ZodError naming a variable that is missing
 */
export function connectChunkWorker(variables: Record<string, string | undefined>): AdvancePorts {
  const environment = workerEnvironment.parse(variables);
  const settings = readSettings(variables);
  const table = connectTable(environment.TABLE_NAME);
  return {
    ...connectUpstream(variables, table, settings),
    batches: dynamoDbBatches(table),
    chunks: dynamoDbChunks(table, systemClock, settings),
    reports: reportsOnDemand(environment.BUCKET_NAME),
    clock: systemClock,
    telemetry: powertoolsTelemetry,
    settings,
  };
}
