import type { ChunkTask, NextStep } from '#lambdas/chunk/chunk.ts';
import { MESSAGES_PER_CALL } from '#lambdas/chunk/queue.sqs.ts';
import type { ChunkLoop, ChunkQueue } from '#lambdas/chunk/store.ts';
import type { VirtualClock } from '#test/world/virtual-clock.ts';
import { type FunctionWork, WatchedFunction } from './function-work.ts';

/** Wait, AdvanceChunk, IsDone (`lib/chunk-loop.ts`). */
const STATES_A_ROUND = 3;
/** A failed task is tried again, each time for one transition more. */
const RETRY_WAITS = [2_000, 4_000, 8_000, 16_000, 32_000] as const;

/** How long a message is on its way, and a state machine takes from one state to the next, in virtual milliseconds. */
const DELIVERY = 50;
const STEP = 50;

/** The chunk queue with its consumer, and the state machine behind it, in virtual time. */
export interface VirtualMachine {
  readonly queue: ChunkQueue;
  readonly loop: ChunkLoop;
  readonly work: { readonly startChunk: FunctionWork; readonly advanceChunk: FunctionWork };
  /** Step Functions transitions so far, counted as `local/step-functions` does: one for each state entered and each retry. */
  readonly transitions: number;
  /** Calls of SQS that sent messages so far, and messages delivered. */
  readonly sends: number;
  readonly deliveries: number;
  /** No message waits, no function runs and no execution is open. */
  readonly isIdle: boolean;
}

export interface MachineOptions {
  readonly clock: VirtualClock;
  readonly waitStep: number;
  /** Consumers at a time, as the event source mapping allows. */
  readonly consumers: number;
  readonly consume: (task: ChunkTask) => Promise<void>;
  readonly advance: (task: ChunkTask) => Promise<NextStep>;
}

export function virtualMachine({ clock, waitStep, consumers, consume, advance }: MachineOptions): VirtualMachine {
  const waiting: ChunkTask[] = [];
  const started = new Set<string>();
  const startChunk = new WatchedFunction(clock);
  const advanceChunk = new WatchedFunction(clock);
  let busy = 0;
  let open = 0;
  let transitions = 0;
  let sends = 0;

  const deliver = async (): Promise<void> => {
    const task = busy < consumers ? waiting.shift() : undefined;
    if (!task) return;
    busy += 1;
    await clock.wait(DELIVERY);
    await startChunk.during(() => consume(task));
    busy -= 1;
    void deliver();
  };

  const advanced = async (task: ChunkTask): Promise<NextStep> => {
    let cause: unknown;
    for (const wait of RETRY_WAITS) {
      try {
        return await advanceChunk.during(() => advance(task));
      } catch (error) {
        cause = error;
        await clock.wait(wait);
        transitions += 1;
      }
    }
    throw new Error(`chunk ${task.chunk} failed for good, which nothing in the benchmark explains`, { cause });
  };

  const execute = async (task: ChunkTask, firstResumeAt: number): Promise<void> => {
    let resumeAt = firstResumeAt;
    open += 1;
    for (;;) {
      // A Wait state ends at a whole second.
      await clock.wait(Math.ceil(resumeAt / waitStep) * waitStep - clock.now() + STEP);
      const result = await advanced(task);
      transitions += STATES_A_ROUND;
      if (result.done) break;
      resumeAt = result.resumeAt;
    }
    transitions += 1; // Done, a Succeed state
    open -= 1;
  };

  return {
    queue: {
      send: async (tasks) => {
        sends += Math.ceil(tasks.length / MESSAGES_PER_CALL);
        waiting.push(...tasks);
        for (const _ of tasks) void deliver();
        return [];
      },
    },
    loop: {
      start: async (task, resumeAt) => {
        const name = `${task.batchId}-${task.chunk}-${task.generation}`;
        if (started.has(name)) return;
        started.add(name);
        void execute(task, resumeAt);
      },
    },
    work: { startChunk, advanceChunk },
    get transitions() {
      return transitions;
    },
    get sends() {
      return sends;
    },
    get deliveries() {
      return startChunk.invocations;
    },
    get isIdle() {
      return waiting.length === 0 && busy === 0 && open === 0;
    },
  };
}
