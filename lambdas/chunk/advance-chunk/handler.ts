import { instrumented, logger } from '#lambdas/platform/telemetry.ts';
import { type AdvancePorts, advanceChunk, limitsOf } from '../advance.ts';
import { toLoopState } from '../loop.step-functions.ts';
import { parseChunkTask } from '../queue.sqs.ts';

/** The state machine's task: advances the chunk and returns what the machine waits for next. */
export const advanceChunkFunction = (ports: AdvancePorts) =>
  instrumented(async (event, context) => {
    const task = parseChunkTask(event);
    const { organisationId, batchId, chunk, generation } = task;
    logger.appendKeys({ organisationId, batchId, chunk, generation });
    const next = await advanceChunk(ports, task, limitsOf(context, ports));
    return toLoopState(task, next, ports.clock.now(), ports.settings.waitStep);
  });
