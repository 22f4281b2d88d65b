import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { readSettings } from '../core/settings.ts';
import type { AdvanceLimits, AdvancePorts } from '../core/use-cases/advance-chunk.ts';
import { dynamoDbBatches } from './dynamodb/dynamodb-batches.ts';
import { dynamoDbBudget } from './dynamodb/dynamodb-budget.ts';
import { dynamoDbChunks } from './dynamodb/dynamodb-chunks.ts';
import { connectTable } from './dynamodb/table.ts';
import { finProClient } from './finpro/finpro-client.ts';
import { reportsOnDemand } from './s3/reports-on-demand.ts';
import { secretsManagerCredentials } from './secrets-manager-credentials.ts';
import { systemClock } from './system.ts';
import { telemetryJournal } from './telemetry.ts';

const workerEnvironment = z.object({
  TABLE_NAME: z.string(),
  BUCKET_NAME: z.string(),
  FINPRO_BASE_URL: z.url(),
  UPSTREAM_SECRET_PREFIX: z.string(),
});

/** What both functions that advance chunks are made of. Throws a ZodError naming a variable that is missing. */
export function connectChunkWorker(variables: Record<string, string | undefined>): AdvancePorts {
  const environment = workerEnvironment.parse(variables);
  const settings = readSettings(variables);
  const table = connectTable(environment.TABLE_NAME);
  return {
    batches: dynamoDbBatches(table, systemClock, settings),
    chunks: dynamoDbChunks(table, systemClock, settings),
    budget: dynamoDbBudget(table, connectTable(environment.TABLE_NAME, 1), settings),
    finPro: finProClient({
      baseUrl: environment.FINPRO_BASE_URL,
      timeout: settings.upstream.timeout,
      credentialsOf: secretsManagerCredentials(environment.UPSTREAM_SECRET_PREFIX),
    }),
    reports: reportsOnDemand(environment.BUCKET_NAME),
    clock: systemClock,
    journal: telemetryJournal,
    settings,
  };
}

/** The limits of one invocation: calls stop well before the function's time ends, and after `callsFor` where that is given. */
export function limitsOf(
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  { clock, settings }: AdvancePorts,
  callsFor = Number.POSITIVE_INFINITY,
): AdvanceLimits {
  const now = clock.now();
  const functionEndsAt = now + context.getRemainingTimeInMillis();
  return { functionEndsAt, callsEndAt: Math.min(functionEndsAt - settings.callsEnd, now + callsFor) };
}
