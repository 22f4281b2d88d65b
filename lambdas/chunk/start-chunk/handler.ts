import { queueConsumer } from '#lambdas/platform/queue-consumer.ts';
import { logger } from '#lambdas/platform/telemetry.ts';
import { type AdvancePorts, advanceChunk, limitsOf } from '../advance.ts';
import { parseChunkTask } from '../queue.sqs.ts';
import type { ChunkLoop } from '../store.ts';

export interface StartChunkPorts extends AdvancePorts {
  readonly loop: ChunkLoop;
}

/** Consumes the chunk queue: advances a chunk for the first time and starts its loop. Safe to deliver twice. */
export const startChunkFunction = (ports: StartChunkPorts) =>
  queueConsumer(async (body, context) => {
    const task = parseChunkTask(body);
    const { organisationId, batchId, chunk, generation } = task;
    logger.appendKeys({ organisationId, batchId, chunk, generation });
    const next = await advanceChunk(ports, task, limitsOf(context, ports, ports.settings.consumerCalls));
    if (!next.done) await ports.loop.start(task, next.resumeAt);
  });
