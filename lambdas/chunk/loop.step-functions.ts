import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { awsClientOptions } from '../platform/aws-client.ts';
import type { ChunkTask, NextStep } from './chunk.ts';
import type { ChunkLoop } from './store.ts';

/** What the states of the machine pass on: the task and its next step. */
export const toLoopState = (task: ChunkTask, next: NextStep, now: number, step: number): object => ({
  organisationId: task.organisationId,
  referenceId: task.referenceId,
  batchId: task.batchId,
  chunk: task.chunk,
  generation: task.generation,
  done: next.done,
  // Step Functions cuts off fractions of a second, so round up
  // (docs/decisions/0004-wake-ups-are-whole-seconds-and-shared.md).
  resumeAt: new Date(Math.ceil((next.done ? now : next.resumeAt) / step) * step).toISOString(),
});

/**
 * One execution per chunk and generation. A name stays taken for 90 days (AWS Step Functions, "StartExecution"), so a
 * message that is delivered twice starts one execution.
 */
export function stepFunctionsChunkLoop(
  stateMachineArn: string,
  step: number,
  client = new SFNClient(awsClientOptions()),
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
