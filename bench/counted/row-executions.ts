import { readinessSeconds } from '#simulator/readiness.ts';
import { virtualClock } from '#test/world/clock.ts';

/** Milliseconds: to the first poll (each later wait is twice as long) and until polling ends. */
const FIRST_POLL = 5_000;
const POLL_DEADLINE = 300_000;
/** A step from one state to the next with its function's start, a call to DynamoDB, and calls to FinPro, in virtual milliseconds. */
const STEP = 50;
const TABLE_CALL = 5;
const FI_REQUEST = 250;
const OTHER_CALL = 150;
/** The limiter leaves as much of each window to others as chunks do. */
const LIMITER_SHARE = 0.97;

/**
 * The other design: a Standard execution per row that requests, then waits, polls and chooses until the data is there. With a limit, each call
 * first takes a slot from a limiter that spaces them evenly: one more task, one more write and a Wait. FinPro never answers 429 then,
 * so it takes no more of the simulator than when each consent is ready. Times are virtual milliseconds, `delays` from FinPro having
 * a row's data to the row being stored, shortest first.
 *
 * @param limit FinPro's calls a minute; null for no limit
 */
export async function runRowExecutions(
  consents: readonly string[],
  { limit, balances }: { readonly limit: number | null; readonly balances: boolean },
) {
  const start = Date.UTC(2026, 10, 20, 10, 0, 0);
  const clock = virtualClock(start);
  const delays: number[] = [];
  let nextSlot = start;
  let transitions = 0;
  let invocations = 0;
  let functionTime = 0;
  let slots = 0;

  const enter = (): Promise<void> => {
    transitions += 1;
    return clock.wait(STEP);
  };
  const waitUntil = async (at: number): Promise<void> => {
    await enter();
    // A Wait state ends at a whole second.
    await clock.wait(Math.ceil(at / 1000) * 1000 - clock.now());
  };
  const task = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    const startedAt = clock.now();
    invocations += 1;
    const result = await work();
    functionTime += Math.ceil(clock.now() - startedAt);
    return result;
  };
  const takeSlot = async (callsAMinute: number): Promise<void> => {
    const slot = await task(async () => {
      await clock.wait(TABLE_CALL);
      slots += 1;
      const at = Math.max(clock.now(), nextSlot);
      nextSlot = at + 60_000 / (callsAMinute * LIMITER_SHARE);
      return at;
    });
    await waitUntil(slot);
  };
  /** A call, which says whether it changes the row: that is written. `answer` is asked when the call reaches FinPro. */
  const call = async <T>(milliseconds: number, answer: () => T, isWritten: (answer: T) => boolean): Promise<T> => {
    if (limit !== null) await takeSlot(limit);
    return task(async () => {
      await clock.wait(milliseconds / 2);
      const answered = answer();
      await clock.wait(milliseconds / 2);
      if (isWritten(answered)) await clock.wait(TABLE_CALL);
      return answered;
    });
  };

  const execute = async (consentId: string): Promise<void> => {
    const ready = () => clock.now() + readinessSeconds(consentId) * 1000;
    const readyAt = await call(FI_REQUEST, ready, () => true);
    const deadline = clock.now() + POLL_DEADLINE;
    const isReady = () => readyAt <= clock.now();
    let dueAt = clock.now() + FIRST_POLL;
    for (let polls = 1; ; polls += 1) {
      await waitUntil(dueAt);
      const isLast = await call(OTHER_CALL, isReady, (is) => is && !balances);
      transitions += 1; // Choice
      // No consent takes longer than 240 s, so each row is ready when polling ends.
      if (isLast) break;
      dueAt = Math.min(clock.now() + FIRST_POLL * 2 ** polls, deadline);
    }
    if (balances) await call(OTHER_CALL, isReady, () => true);
    transitions += 1; // Succeed
    delays.push(clock.now() - readyAt);
  };

  await clock.finish(Promise.all(consents.map(execute)));
  const makespan = clock.now() - start;
  const calls = invocations - slots;
  return { makespan, transitions, invocations, functionTime, calls, slots, delays: delays.toSorted((a, b) => a - b) };
}

/** What one execution per row took, over all rows. */
export type RowExecutions = Awaited<ReturnType<typeof runRowExecutions>>;
