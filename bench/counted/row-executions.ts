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
const MINUTE = 60_000;
/** The limiter leaves as much of each window to others as chunks do. */
const LIMITER_SHARE = 0.97;

/** What one execution per row took, over all rows. Times are virtual milliseconds. */
export interface RowExecutions {
  readonly makespan: number;
  readonly transitions: number;
  readonly invocations: number;
  /** Billed, of all functions together. */
  readonly functionTime: number;
  readonly calls: number;
  /** Writes of the limiter's item. */
  readonly slots: number;
  /** From FinPro having a row's data to the row being stored, shortest first. */
  readonly delays: readonly number[];
}

/**
 * The other design: a Standard execution per row that requests, then waits, polls and chooses until the data is there. With a limit, each call
 * first takes a slot from a limiter that spaces them evenly: one more task, one more write and a Wait. FinPro never answers 429 then,
 * so it takes no more of the simulator than when each consent is ready.
 *
 * @param limit FinPro's calls a minute; null for no limit
 */
export async function runRowExecutions(
  consents: readonly string[],
  { limit, balances }: { readonly limit: number | null; readonly balances: boolean },
): Promise<RowExecutions> {
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
  const invoke = async <T>(work: () => Promise<T>): Promise<T> => {
    const startedAt = clock.now();
    invocations += 1;
    const result = await work();
    functionTime += Math.ceil(clock.now() - startedAt);
    return result;
  };
  const takeSlot = async (callsAMinute: number): Promise<void> => {
    await enter();
    const slot = await invoke(async () => {
      await clock.wait(TABLE_CALL);
      slots += 1;
      const at = Math.max(clock.now(), nextSlot);
      nextSlot = at + MINUTE / (callsAMinute * LIMITER_SHARE);
      return at;
    });
    await waitUntil(slot);
  };
  /** A task: a call, of which `at` is the moment it reaches FinPro, and then what is written of its answer. */
  const call = async <T>(milliseconds: number, at: () => { readonly answer: T; readonly isWritten: boolean }) => {
    if (limit !== null) await takeSlot(limit);
    await enter();
    return invoke(async () => {
      await clock.wait(milliseconds / 2);
      const { answer, isWritten } = at();
      await clock.wait(milliseconds / 2);
      if (isWritten) await clock.wait(TABLE_CALL);
      return answer;
    });
  };

  const execute = async (consentId: string): Promise<void> => {
    const readyAt = await call(FI_REQUEST, () => ({
      answer: clock.now() + readinessSeconds(consentId) * 1000,
      isWritten: true,
    }));
    const deadline = clock.now() + POLL_DEADLINE;
    let dueAt = clock.now() + FIRST_POLL;
    for (let polls = 1; ; polls += 1) {
      await waitUntil(dueAt);
      const isReady = await call(OTHER_CALL, () => {
        const answer = readyAt <= clock.now();
        return { answer, isWritten: answer && !balances };
      });
      transitions += 1; // Choice
      // Consents are ready after 240 s at most, so no row gets here unready.
      if (isReady || clock.now() >= deadline) break;
      dueAt = Math.min(clock.now() + FIRST_POLL * 2 ** polls, deadline);
    }
    if (balances) await call(OTHER_CALL, () => ({ answer: null, isWritten: true }));
    transitions += 1; // Succeed
    delays.push(clock.now() - readyAt);
  };

  await clock.finish(Promise.all(consents.map(execute)));
  return {
    makespan: clock.now() - start,
    transitions,
    invocations,
    functionTime,
    calls: invocations - slots,
    slots,
    delays: delays.toSorted((a, b) => a - b),
  };
}
