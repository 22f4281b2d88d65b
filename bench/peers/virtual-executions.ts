import { seededRandom } from '#simulator/faults.ts';
import { Simulation } from '#simulator/simulation.ts';
import { virtualClock } from '#test/world/clock.ts';
import { WatchedFunction } from '../counted/function-work.ts';
import { virtualFinPro } from '../counted/upstream.ts';
import { ROW_SETTINGS } from './row-settings.ts';

const ORGANISATION = 'lender';
const FIRST = ROW_SETTINGS.pollFirst * 1000;
const DEADLINE = ROW_SETTINGS.pollDeadline * 1000;
/** A step from one state to the next with its function's start, and a call of DynamoDB, in milliseconds. */
const STEP = 50;
const TABLE_CALL = 5;
const MINUTE = 60_000;
/** The limiter leaves as much of each window as this design does. */
const LIMITER_SHARE = 0.97;

/**
 * What a row does about the upstream's limit. `retries` learns of it from a 429, and the task is tried again. `limiter` asks for a slot before
 * each call, evenly spaced over all rows: one more task and one more write a call, and a Wait for the slot.
 */
export type Pace = 'retries' | 'limiter';

export interface ExecutionsOptions {
  /** Upstream calls a minute; null for no limit. */
  readonly limit: number | null;
  readonly pace: Pace;
  /** Whether a row that is ready is completed with a balance call, in a state of its own. */
  readonly balances: boolean;
}

/** What one execution a row took, over all rows. Times are virtual milliseconds. */
export interface VirtualExecutions {
  readonly makespan: number;
  readonly transitions: number;
  readonly invocations: number;
  /** Billed, of all functions together. */
  readonly functionTime: number;
  /** Those that were answered 429 included. */
  readonly calls: number;
  readonly polls: number;
  /** Writes of the limiter's item. */
  readonly slots: number;
  /** How long each execution ran. */
  readonly durations: readonly number[];
  /** From the upstream having a row's data to the row being stored, shortest first. */
  readonly delays: readonly number[];
}

/** The states of `app.ts` once more, on a virtual clock and without a table: they take no longer there than they take to compute. */
export async function runVirtualExecutions(
  consents: readonly string[],
  { limit, pace, balances }: ExecutionsOptions,
): Promise<VirtualExecutions> {
  const clock = virtualClock(Date.UTC(2026, 10, 20, 10, 0, 0));
  const rateLimit = limit === null ? null : { limit, windowSeconds: 60 };
  const simulation = new Simulation({ timeScale: 1, rateLimit, clock: clock.now, seed: 1 });
  const finPro = virtualFinPro(simulation, clock);
  const random = seededRandom(1);
  const functions = new WatchedFunction(clock);
  const start = clock.now();
  let transitions = 0;
  let calls = 0;
  let slots = 0;
  let nextSlot = start;
  const durations: number[] = [];
  const delays: number[] = [];

  const enter = (states = 1): Promise<void> => {
    transitions += states;
    return clock.wait(STEP);
  };
  const waitUntil = async (at: number): Promise<void> => {
    await enter();
    // A Wait state ends at a whole second.
    await clock.wait(Math.ceil(at / 1000) * 1000 - clock.now());
  };
  const takeSlot = async (): Promise<void> => {
    if (limit === null || pace === 'retries') return;
    await enter();
    const slot = await functions.during(async () => {
      await clock.wait(TABLE_CALL);
      slots += 1;
      const at = Math.max(clock.now(), nextSlot);
      nextSlot = at + MINUTE / (limit * LIMITER_SHARE);
      return at;
    });
    await waitUntil(slot);
  };
  /** A task: a call, and then what is written of its answer. */
  const task = async <T>(
    call: () => Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }>,
    isWritten: (value: T) => boolean,
  ): Promise<T> => {
    await takeSlot();
    for (let tries = 0; ; tries += 1) {
      await enter();
      const answer = await functions.during(async () => {
        calls += 1;
        const result = await call();
        if (result.ok && isWritten(result.value)) await clock.wait(TABLE_CALL);
        return result;
      });
      if (answer.ok) return answer.value;
      const longest = Math.min(ROW_SETTINGS.retryFirst * 2 ** tries, ROW_SETTINGS.retryLongest) * 1000;
      await clock.wait(random() * longest);
    }
  };

  const execute = async (consentId: string): Promise<void> => {
    const request = { consentId, fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
    const session = await task(
      () => finPro.requestFi(ORGANISATION, request),
      () => true,
    );
    const deadline = clock.now() + DEADLINE;
    let dueAt = clock.now() + FIRST;
    for (let polls = 1; ; polls += 1) {
      await waitUntil(dueAt);
      const isLast = (status: string): boolean => status !== 'PENDING' || clock.now() >= deadline;
      const { eventStatus } = await task(
        () => finPro.fiStatus(ORGANISATION, session),
        (status) => !balances && isLast(status.eventStatus),
      );
      transitions += 1; // Is it there?
      if (isLast(eventStatus)) break;
      dueAt = Math.min(clock.now() + FIRST * 2 ** polls, deadline);
    }
    if (balances) {
      await task(
        () => finPro.fiBalance(ORGANISATION, consentId),
        () => true,
      );
    }
    transitions += 1; // Done
    durations.push(clock.now() - start);
    const stored = simulation.consents.latestSession(consentId, ORGANISATION);
    if (stored) delays.push(clock.now() - simulation.view(stored, clock.now()).changedAt);
  };
  await clock.finish(Promise.all(consents.map(execute)));
  return {
    makespan: clock.now() - start,
    transitions,
    invocations: functions.invocations,
    functionTime: functions.milliseconds,
    calls,
    polls: simulation.counts.statusCalls,
    slots,
    durations,
    delays: delays.toSorted((a, b) => a - b),
  };
}
