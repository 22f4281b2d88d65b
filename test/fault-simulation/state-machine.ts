import { z } from 'zod';
import type { QueueWorld } from './event-queue.ts';

/** Of the task state (lib/chunk-loop.ts): five retries, after 2 s and then twice as long each, less a full jitter. */
const RETRIES = 5;
const FIRST_RETRY = 2_000;
/** No execution outlives its batch by more than an hour. */
const BEYOND_DEADLINE = 3_600_000;

const loopState = z.object({ done: z.boolean(), resumeAt: z.iso.datetime() });

/** The state machine of chunks: executions by their name, which wait and advance in turn. */
export interface StateMachine {
  /** Starts an execution, once for a name. */
  start(name: string, input: object): void;
  readonly running: number;
  /** One turn of the loop; its result is the next state. */
  advance: (input: unknown) => Promise<unknown>;
}

export function stateMachine(
  { clock, mix, random, network, history }: QueueWorld,
  batchDeadline: number,
): StateMachine {
  const names = new Set<string>();
  let running = 0;

  const advance = async (input: unknown): Promise<unknown> => {
    for (let retry = 0; retry < RETRIES; retry += 1) {
      try {
        return await machine.advance(input);
      } catch {
        await clock.wait(random.int(0, FIRST_RETRY * 2 ** retry));
      }
    }
    return machine.advance(input);
  };

  const execute = async (name: string, input: unknown): Promise<void> => {
    const endsAt = clock.now() + batchDeadline + BEYOND_DEADLINE;
    let state = input;
    for (;;) {
      const { done, resumeAt } = loopState.parse(state);
      if (done) return;
      // A timestamp to wait for is cut to whole seconds.
      await clock.wait(Math.floor(Date.parse(resumeAt) / 1000) * 1000 - clock.now());
      if (clock.now() >= endsAt || random.chance(network.shareNow(mix.executions.dying))) {
        history.note('state-machine', `${name} dies`);
        return;
      }
      await clock.wait(random.int(10, 60));
      state = await advance(state);
    }
  };

  const run = async (name: string, input: unknown): Promise<void> => {
    running += 1;
    try {
      await execute(name, input);
    } catch (error) {
      history.note('state-machine', `${name} fails: ${String(error)}`);
    }
    running -= 1;
  };

  const machine: StateMachine = {
    get running() {
      return running;
    },
    advance: async () => ({ done: true, resumeAt: new Date(clock.now()).toISOString() }),
    start: (name, input) => {
      if (names.has(name)) return;
      names.add(name);
      const executions = random.chance(network.shareNow(mix.executions.doubled)) ? 2 : 1;
      history.note('state-machine', `${name} starts${executions > 1 ? ' twice' : ''}`);
      for (let copy = 0; copy < executions; copy += 1) void run(name, JSON.parse(JSON.stringify(input)));
    },
  };
  return machine;
}
