import { limitsOf } from '../adapters/chunk-worker.ts';
import { parseChunkTask } from '../adapters/sqs-chunk-queue.ts';
import { toLoopState } from '../adapters/step-functions-chunk-loop.ts';
import { instrumented, logger } from '../adapters/telemetry.ts';
import { type AdvancePorts, advanceChunk } from '../core/use-cases/advance-chunk.ts';

/** The task of the chunk's state machine: advances it, and returns what the machine waits for next. */
export const advanceChunkFunction = (ports: AdvancePorts) =>
  instrumented(async (event, context) => {
    const task = parseChunkTask(event);
    const { organisationId, batchId, chunk, generation } = task;
    logger.appendKeys({ organisationId, batchId, chunk, generation });
    const advance = await advanceChunk(ports, task, limitsOf(context, ports));
    return toLoopState(task, advance, ports.clock.now(), ports.settings.waitStep);
  });
