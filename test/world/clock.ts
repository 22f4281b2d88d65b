import type { Clock } from '#lambdas/platform/system.ts';

/** A wait on the virtual clock that can be called off. */
export interface Timer {
  readonly done: Promise<void>;
  cancel(): void;
}

/**
 * A clock that stands still until it is told to run. Running, it jumps from one timer to the next; between two of them everything that
 * can go on without time passing does. The order is that of the times and, within one, that of the asking: the same program runs the
 * same way each time.
 */
export interface VirtualClock extends Clock {
  timer(milliseconds: number): Timer;
  wait(milliseconds: number): Promise<void>;
  /** Runs to a time, or until `isOver`, which is asked whenever nothing can go on without time passing; it must not wait for the clock itself. */
  runUntil(until: number, isOver?: () => boolean | Promise<boolean>): Promise<void>;
  /** Runs until the work is done and gives its result. */
  finish<T>(work: Promise<T>): Promise<T>;
}

interface Waiting {
  readonly at: number;
  readonly wake: () => void;
}

/** More timers than this without time passing: the program spins. */
const MOST_AT_ONCE = 10_000;

/** Lets everything run that waits for no timer: the promises of a program are settled before the event loop turns. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function virtualClock(start: number): VirtualClock {
  let now = start;
  /** The latest first; of the same time, the one that was set last. */
  const waiting: Waiting[] = [];

  const add = (entry: Waiting): void => {
    let low = 0;
    let high = waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((waiting[middle]?.at ?? 0) > entry.at) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, entry);
  };

  const clock: VirtualClock = {
    now: () => now,
    timer: (milliseconds) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry: Waiting = { at: now + Math.max(0, milliseconds), wake: resolve };
      add(entry);
      return {
        done: promise,
        cancel: () => {
          const index = waiting.indexOf(entry);
          if (index >= 0) waiting.splice(index, 1);
        },
      };
    },
    wait: (milliseconds) => clock.timer(milliseconds).done,
    runUntil: async (until, isOver = () => false) => {
      let atOnce = 0;
      for (;;) {
        await settle();
        if (await isOver()) return;
        // The first of the earliest: timers of the same time go off in the order in which they were set.
        const next = waiting.at(-1);
        if (!next || next.at > until) break;
        waiting.pop();
        atOnce = next.at > now ? 0 : atOnce + 1;
        if (atOnce > MOST_AT_ONCE) throw new Error('the program goes on and on without time passing');
        now = Math.max(now, next.at);
        next.wake();
      }
      if (Number.isFinite(until)) now = Math.max(now, until);
    },
    finish: async (work) => {
      let isDone = false;
      const watched = work.finally(() => {
        isDone = true;
      });
      watched.catch(() => {});
      await clock.runUntil(Number.POSITIVE_INFINITY, () => isDone);
      if (!isDone) throw new Error('the work waits for something that never comes');
      return watched;
    },
  };
  return clock;
}
