import { limitsOf } from '../adapters/chunk-worker.ts';
import { queueConsumer } from '../adapters/queue-consumer.ts';
import { parseChunkTask } from '../adapters/sqs-chunk-queue.ts';
import { logger } from '../adapters/telemetry.ts';
import type { ChunkLoop } from '../core/ports.ts';
import { type AdvancePorts, advanceChunk } from '../core/use-cases/advance-chunk.ts';

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
