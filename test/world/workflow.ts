import * as z from 'zod';
import type { Surroundings } from './queue.ts';

const loopState = z.object({ done: z.boolean(), resumeAt: z.iso.datetime() });

/** How the state machine of a chunk is built: see `lib/chunk-loop.ts`. */
export interface WorkflowLimits {
  /** Of the task state: so many retries, the first after so many milliseconds at most, each next after twice as long. */
  readonly retries: number;
  readonly firstRetry: number;
  /** No execution runs longer than this, in milliseconds. */
  readonly longest: number;
}

/** Wait, AdvanceChunk, IsDone: states entered in one turn. Done, a Succeed state, is entered once. */
const STATES_PER_TURN = 3;

/** The state machine of chunks: executions by their name, which wait and advance in turn. */
export interface Workflow {
  /** Starts an execution, once for a name. */
  start(name: string, input: object): void;
  /** Names of the executions that were started, in order. */
  readonly started: readonly string[];
  /** Names of those that ended in an error. */
  readonly failed: readonly string[];
  readonly running: number;
  /** Step Functions transitions so far: one per state entered and one per retry (AWS Step Functions pricing). */
  readonly transitions: number;
  /** One turn of the loop; its result is the next state. */
  advance: (input: unknown) => Promise<unknown>;
}

export function workflowOf(limits: WorkflowLimits, { clock, disturbance, history }: Surroundings): Workflow {
  const started = new Set<string>();
  const failed: string[] = [];
  let running = 0;
  let transitions = 0;

  const advance = async (input: unknown): Promise<unknown> => {
    for (let retry = 0; retry < limits.retries; retry += 1) {
      try {
        return await workflow.advance(input);
      } catch {
        await clock.wait(Math.floor(disturbance.jitter() * limits.firstRetry * 2 ** retry));
        transitions += 1;
      }
    }
    return workflow.advance(input);
  };

  const execute = async (name: string, input: unknown): Promise<void> => {
    const endsAt = clock.now() + limits.longest;
    let state = input;
    for (;;) {
      const { done, resumeAt } = loopState.parse(state);
      if (done) break;
      // A timestamp to wait for is cut to whole seconds (AWS Step Functions, "Wait").
      const at = Math.floor(Date.parse(resumeAt) / 1000) * 1000;
      await clock.wait(at - clock.now());
      if (clock.now() >= endsAt || disturbance.executionDies(name)) {
        history.note('state-machine', `${name} dies`);
        return;
      }
      const turnTime = disturbance.turnTime();
      if (turnTime > 0) await clock.wait(turnTime);
      state = await advance(state);
      transitions += STATES_PER_TURN;
    }
    transitions += 1;
  };

  const run = async (name: string, input: unknown): Promise<void> => {
    running += 1;
    try {
      await execute(name, input);
    } catch (error) {
      failed.push(name);
      history.note('state-machine', `${name} fails: ${String(error)}`);
    }
    running -= 1;
  };

  const workflow: Workflow = {
    get started() {
      return [...started];
    },
    failed,
    get running() {
      return running;
    },
    get transitions() {
      return transitions;
    },
    advance: async () => ({ done: true, resumeAt: new Date(clock.now()).toISOString() }),
    start: (name, input) => {
      if (started.has(name)) return;
      started.add(name);
      const executions = disturbance.executions(name);
      history.note('state-machine', `${name} starts${executions > 1 ? ' twice' : ''}`);
      for (let copy = 0; copy < executions; copy += 1) void run(name, JSON.parse(JSON.stringify(input)));
    },
  };
  return workflow;
}
