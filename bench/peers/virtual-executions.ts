import { seededRandom } from '../../simulator/faults.ts';
import { Simulation } from '../../simulator/simulation.ts';
import { virtualClock } from '../../test/fakes/virtual-clock.ts';
import { virtualFinPro } from '../virtual/upstream.ts';

const FIRST = 5_000;
const DEADLINE = 300_000;
/** The task's retry for calls answered 429 (`app.ts`): full jitter below 5, 10, 20, 40, 60, 60 … s. */
const RETRY_FIRST = 5_000;
const RETRY_LONGEST = 60_000;
/** A step from one state to the next with its function's start, in milliseconds. */
const STEP = 50;

export interface LimitedExecutions {
  /** Milliseconds. */
  readonly makespan: number;
  readonly transitions: number;
  /** Those that were answered 429 included. */
  readonly calls: number;
  readonly answered: number;
}

/**
 * The states of `app.ts` once more, on a virtual clock and without a table, since under a limit of calls a minute they take most of an hour: a row
 * that is answered 429 tries again with full jitter, each time for a transition and a call.
 */
export async function runLimitedExecutions(
  consents: readonly string[],
  limit: number | null,
): Promise<LimitedExecutions> {
  const clock = virtualClock(Date.UTC(2026, 10, 20, 10, 0, 0));
  const rateLimit = limit === null ? null : { limit, windowSeconds: 60 };
  const simulation = new Simulation({ timeScale: 1, rateLimit, clock: clock.now, seed: 1 });
  const finPro = virtualFinPro(simulation, clock);
  const random = seededRandom(1);
  const start = clock.now();
  let transitions = 0;
  let calls = 0;

  const task = async <T>(call: () => Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }>) => {
    for (let tries = 0; ; tries += 1) {
      transitions += 1;
      calls += 1;
      await clock.wait(STEP);
      const answer = await call();
      if (answer.ok) return answer.value;
      await clock.wait(random() * Math.min(RETRY_FIRST * 2 ** tries, RETRY_LONGEST));
    }
  };
  const wait = (until: number): Promise<void> => {
    transitions += 1;
    return clock.wait(Math.ceil(until / 1000) * 1000 - clock.now());
  };

  const execute = async (consentId: string): Promise<void> => {
    const request = { consentId, fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
    const session = await task(() => finPro.requestFi('lender', request));
    const deadline = clock.now() + DEADLINE;
    let dueAt = clock.now() + FIRST;
    for (let polls = 1; ; polls += 1) {
      await wait(dueAt);
      const { eventStatus } = await task(() => finPro.fiStatus('lender', session));
      transitions += 1;
      if (eventStatus !== 'PENDING' || clock.now() >= deadline) break;
      dueAt = Math.min(clock.now() + FIRST * 2 ** polls, deadline);
    }
    transitions += 1;
  };
  await clock.finish(Promise.all(consents.map(execute)));
  const { fiRequests, statusCalls } = simulation.counts;
  return { makespan: clock.now() - start, transitions, calls, answered: fiRequests + statusCalls };
}
