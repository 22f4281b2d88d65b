import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { ChunkLoop, ChunkTask, NextStep } from './task.ts';

/** What passes between the states of the machine: the task, and where its last advance left it. */
export const toLoopState = (task: ChunkTask, advance: NextStep, now: number, step: number): object => ({
  organisationId: task.organisationId,
  referenceId: task.referenceId,
  batchId: task.batchId,
  chunk: task.chunk,
  generation: task.generation,
  done: advance.done,
  // Step Functions cuts fractions of a second off a timestamp to wait for, so it is rounded up here.
  resumeAt: new Date(Math.ceil((advance.done ? now : advance.resumeAt) / step) * step).toISOString(),
});

/**
 * One execution per chunk and generation. A name stays taken for 90 days (AWS Step Functions, "StartExecution"), so a message that
 * is delivered twice starts one.
 */
export function stepFunctionsChunkLoop(
  stateMachineArn: string,
  step: number,
  client = new SFNClient({ maxAttempts: 5 }),
): ChunkLoop {
  return {
    start: async (task, resumeAt) => {
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: `${task.batchId}-${task.chunk}-${task.generation}`,
            input: JSON.stringify(toLoopState(task, { done: false, resumeAt }, resumeAt, step)),
          }),
        );
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
  };
}
