import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { connectChunkWorker, limitsOf } from '../adapters/chunk-worker.ts';
import { parseChunkTask } from '../adapters/sqs-chunk-queue.ts';
import { stepFunctionsChunkLoop } from '../adapters/step-functions-chunk-loop.ts';
import { instrumented, logger } from '../adapters/telemetry.ts';
import { advanceChunk } from '../core/use-cases/advance-chunk.ts';

const environment = z.object({ STATE_MACHINE_ARN: z.string() }).parse(process.env);
const ports = connectChunkWorker(process.env);
const loop = stepFunctionsChunkLoop(environment.STATE_MACHINE_ARN, ports.settings.waitStep);

const queueRecord = z.looseObject({ messageId: z.string(), body: z.string() });
const queueEvent = z.object({ Records: z.array(queueRecord) });

/** Advances a chunk for the first time and starts the loop that goes on with it. Delivered twice, it does so once. */
async function startChunk({ body, messageId }: z.output<typeof queueRecord>, context: Context): Promise<void> {
  const task = parseChunkTask(JSON.parse(body));
  const { organisationId, batchId, chunk, generation } = task;
  logger.appendKeys({ organisationId, batchId, chunk, generation, messageId });
  const advance = await advanceChunk(ports, task, limitsOf(context, ports, ports.settings.consumerCalls));
  if (!advance.done) await loop.start(task, advance.resumeAt);
}

/** Consumer of the chunk queue. */
export const handler = instrumented((event, context) =>
  processPartialResponse(
    queueEvent.parse(event),
    (record: unknown) => startChunk(queueRecord.parse(record), context),
    new BatchProcessor(EventType.SQS),
    { context, throwOnFullBatchFailure: false },
  ),
);
