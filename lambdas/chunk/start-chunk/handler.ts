import { queueConsumer } from '#lambdas/platform/queue-consumer.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AdvancePorts, advanceChunk, limitsOf } from '../advance.ts';
import { parseChunkTask } from '../queue.sqs.ts';
import type { ChunkLoop } from '../task.ts';

export interface StartChunkPorts extends AdvancePorts {
  readonly loop: ChunkLoop;
}

/** Consumer of the chunk queue: advances a chunk for the first time and starts the loop that goes on with it. Delivered twice, it does so once. */
export const startChunkFunction = (ports: StartChunkPorts) =>
  queueConsumer(async (body, context) => {
    const task = parseChunkTask(body);
    const { organisationId, batchId, chunk, generation } = task;
    logger.appendKeys({ organisationId, batchId, chunk, generation });
    const advance = await advanceChunk(ports, task, limitsOf(context, ports, ports.settings.consumerCalls));
    if (!advance.done) await ports.loop.start(task, advance.resumeAt);
  });
