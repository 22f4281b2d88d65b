import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { AcceptancePorts } from '../batch/accept.ts';
import { reportsOnDemand } from '../batch/reports.s3.ts';
import { dynamoDbBatches } from '../batch/store.dynamodb.ts';
import type { AdvanceLimits, AdvancePorts } from '../chunk/advance.ts';
import { sqsChunkQueue } from '../chunk/queue.sqs.ts';
import { dynamoDbChunks } from '../chunk/store.dynamodb.ts';
import { dynamoDbBudget } from '../upstream/budget.ts';
import { secretsManagerCredentials } from '../upstream/credentials.ts';
import { finProClient } from '../upstream/finpro.http.ts';
import { connectTable, type Table } from './dynamodb.ts';
import { readSettings } from './settings.ts';
import { randomIds, systemClock } from './system.ts';
import { powertoolsTelemetry } from './telemetry.ts';

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
    queue: sqsChunkQueue(environment.CHUNK_QUEUE_URL, powertoolsTelemetry),
    clock: systemClock,
    ids: randomIds,
    telemetry: powertoolsTelemetry,
    settings,
  };
}

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
    telemetry: powertoolsTelemetry,
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
