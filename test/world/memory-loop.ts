import type { ChunkTask, NextStep } from '#lambdas/chunk/chunk.ts';
import type { ChunkLoop } from '#lambdas/chunk/store.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The task state's retries: 5, after 2, 4, 8, 16 and 32 s; then the execution fails. */
const RETRY_WAITS = [2_000, 4_000, 8_000, 16_000, 32_000] as const;

/** The state machine: one execution per chunk and generation, waiting and advancing in turn. */
export interface MemoryLoop extends ChunkLoop {
  readonly started: readonly string[];
  /** Executions that ended in an error. */
  readonly failed: readonly string[];
  /** How often a chunk was advanced in a loop, retries included. */
  readonly turns: number;
  /** What the machine itself needs for a turn, in milliseconds. */
  overhead: number;
  /** What a turn of the loop does. */
  advance: (task: ChunkTask) => Promise<NextStep>;
}

export function memoryLoop(clock: VirtualClock, { waitStep }: Settings): MemoryLoop {
  const started: string[] = [];
  const failed: string[] = [];

  let turns = 0;

  const turn = async (task: ChunkTask): Promise<NextStep> => {
    turns += 1;
    if (loop.overhead > 0) await clock.wait(loop.overhead);
    return loop.advance(task);
  };

  const advanceWithRetries = async (task: ChunkTask): Promise<NextStep> => {
    for (const wait of RETRY_WAITS) {
      try {
        return await turn(task);
      } catch {
        await clock.wait(wait);
      }
    }
    return turn(task);
  };

  const execute = async (name: string, task: ChunkTask, firstResumeAt: number): Promise<void> => {
    let resumeAt = firstResumeAt;
    try {
      for (;;) {
        // Timestamps in the machine's state are whole steps.
        await clock.wait(Math.ceil(resumeAt / waitStep) * waitStep - clock.now());
        const advance = await advanceWithRetries(task);
        if (advance.done) return;
        resumeAt = advance.resumeAt;
      }
    } catch {
      failed.push(name);
    }
  };

  const loop: MemoryLoop = {
    started,
    failed,
    get turns() {
      return turns;
    },
    overhead: 0,
    advance: async () => ({ done: true }),
    start: async (task, resumeAt) => {
      const name = `${task.batchId}-${task.chunk}-${task.generation}`;
      if (started.includes(name)) return;
      started.push(name);
      void execute(name, structuredClone(task), resumeAt);
    },
  };
  return loop;
}
