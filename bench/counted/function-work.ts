import type { Clock } from '#lambdas/platform/system.ts';

/** What AWS bills a function for, in virtual time: waiting for calls is in it, the processor's own time is not. */
export interface FunctionWork {
  readonly invocations: number;
  readonly milliseconds: number;
  /** So many containers had to be started at least. */
  readonly mostAtOnce: number;
}

/** Watches the invocations of one function. */
export class WatchedFunction implements FunctionWork {
  invocations = 0;
  milliseconds = 0;
  mostAtOnce = 0;
  readonly #clock: Clock;
  #atOnce = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async during<T>(invocation: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.now();
    this.invocations += 1;
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    try {
      return await invocation();
    } finally {
      this.#atOnce -= 1;
      this.milliseconds += Math.ceil(this.#clock.now() - startedAt);
    }
  }
}
