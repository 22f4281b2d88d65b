import type { Clock } from '../../lambdas/core/ports.ts';

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
  let waiting: Waiting[] = [];

  const clock: VirtualClock = {
    now: () => now,
    timer: (milliseconds) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry: Waiting = { at: now + Math.max(0, milliseconds), wake: resolve };
      waiting.push(entry);
      return {
        done: promise,
        cancel: () => {
          waiting = waiting.filter((other) => other !== entry);
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
        const next = waiting.reduce<Waiting | null>(
          (earliest, each) => (earliest && earliest.at <= each.at ? earliest : each),
          null,
        );
        if (!next || next.at > until) break;
        waiting = waiting.filter((each) => each !== next);
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
