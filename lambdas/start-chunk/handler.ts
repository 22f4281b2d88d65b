import { z } from 'zod';
import { connectChunkWorker, limitsOf } from '../adapters/chunk-worker.ts';
import { queueConsumer } from '../adapters/queue-consumer.ts';
import { parseChunkTask } from '../adapters/sqs-chunk-queue.ts';
import { stepFunctionsChunkLoop } from '../adapters/step-functions-chunk-loop.ts';
import { logger } from '../adapters/telemetry.ts';
import { advanceChunk } from '../core/use-cases/advance-chunk.ts';

const environment = z.object({ STATE_MACHINE_ARN: z.string() }).parse(process.env);
const ports = connectChunkWorker(process.env);
const loop = stepFunctionsChunkLoop(environment.STATE_MACHINE_ARN, ports.settings.waitStep);

/** Consumer of the chunk queue: advances a chunk for the first time and starts the loop that goes on with it. Delivered twice, it does so once. */
export const handler = queueConsumer(async (body, context) => {
  const task = parseChunkTask(body);
  const { organisationId, batchId, chunk, generation } = task;
  logger.appendKeys({ organisationId, batchId, chunk, generation });
  const advance = await advanceChunk(ports, task, limitsOf(context, ports, ports.settings.consumerCalls));
  if (!advance.done) await loop.start(task, advance.resumeAt);
});
