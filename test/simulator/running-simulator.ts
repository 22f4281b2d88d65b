import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Simulator, startSimulator } from '#simulator/server.ts';
import { Caller } from './caller.ts';

/** A simulator on a free port for the tests of a file, forgotten before each of them, with a clock that they set. */
export type RunningSimulator = {
  /** Epoch milliseconds; a whole minute before each test. */
  now: number;
  caller(clientId?: string): Caller;
};

/** The time at which each test starts. */
export const START = Date.UTC(2026, 10, 20, 10, 0, 0);

/** Starts a simulator before the tests of the calling file and closes it after them. */
export function runningSimulator(timeScale = 1): RunningSimulator {
  let simulator: Simulator | undefined;
  const running: RunningSimulator = { now: START, caller: (clientId) => new Caller(simulator?.url ?? '', clientId) };
  beforeAll(async () => {
    simulator = await startSimulator({ port: 0, timeScale, clock: () => running.now });
  });
  beforeEach(async () => {
    running.now = START;
    await running.caller().control('DELETE', '/_sim');
    await running.caller().faults({});
  });
  afterAll(async () => {
    await simulator?.close();
  });
  return running;
}
