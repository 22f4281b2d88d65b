import { z } from 'zod';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { dynamoDbBatches, dynamoDbOpenBatches } from '#lambdas/batch/store.dynamodb.ts';
import { recoverBatches } from '#lambdas/chunk/recover.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { TABLE } from '#lib/topology.ts';
import { CALM } from '#test/world/disturbance.ts';
import { direct } from '#test/world/network.ts';
import { sequentialIds } from '#test/world/sequential-ids.ts';
import { submissionOf } from '#test/world/submissions.ts';
import { tableIn } from '#test/world/table/client.ts';
import { MemoryTable } from '#test/world/table/memory-table.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';
import { type Figure, figureOf } from './figure.ts';
import { consentsOf, ROWS } from './subject.ts';

const BATCHES = 20;
const SWEEPS = 12;
/** The first ones run code that is not optimized yet. */
const WARM_UP = 6;

/** What recovery takes of the processor for an open batch of 10,000 rows, which it reads every minute: that bounds how many may be open. */
export async function recoveryFigures(): Promise<Figure[]> {
  const { indexName, partitionKey, sortKey } = TABLE.openBatches;
  const table = tableIn(new MemoryTable(indexName, [partitionKey, sortKey]), direct, CALM, 5);
  const clock = { now: () => Date.now() };
  const settings = readSettings({});
  const queue = { send: async () => [] };
  const ports = {
    batches: dynamoDbBatches(table),
    openBatches: dynamoDbOpenBatches(table, indexName),
    chunks: dynamoDbChunks(table, clock, settings),
    queue,
    reports: { write: async () => {} },
    telemetry: memoryTelemetry(),
    ids: sequentialIds(),
    clock,
    settings,
  };
  const consents = consentsOf(ROWS);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    await acceptBatch(ports, submissionOf(consents, { referenceId: `open-${batch}` }));
  }
  keepAnswers(table);
  for (let sweep = 0; sweep < WARM_UP; sweep += 1) await recoverBatches(ports);
  const before = process.cpuUsage();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) await recoverBatches(ports);
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000 / SWEEPS / BATCHES;
  return [figureOf('Functions', 'recovery: processor time an open batch', milliseconds, 'ms')];
}

const requestSchema = z.object({ body: z.instanceof(Uint8Array) });

/**
 * From now on a read that was made before gets the same answer, parsed anew, without the table: that shares the processor with what is measured, which
 * it doesn't on AWS.
 */
function keepAnswers({ client }: Table): void {
  const kept = new Map<string, unknown>();
  client.middlewareStack.add(
    (next) => async (call) => {
      const request = Buffer.from(requestSchema.parse(call.request).body).toString();
      const response = kept.get(request);
      if (response) return { response, output: { $metadata: {} } };
      const answer = await next(call);
      kept.set(request, answer.response);
      return answer;
    },
    { step: 'deserialize', priority: 'low' },
  );
}
