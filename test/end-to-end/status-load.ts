import { setTimeout as wait } from 'node:timers/promises';
import type { ExactCounters } from './exact-counters.ts';
import type { Product } from './product.ts';

/** A machine that cannot answer so many a second is not to be buried under them. */
const MOST_AT_ONCE = 25;
/**
 * All of them together stay below the rate limit of `/bulk/*`, 1,000 a minute. Most want the counters only, and ask for a page that has no records: reading one takes DynamoDB's stand-in, which runs in this
 * process, as long as all else of a call.
 */
const BEHIND_THE_LAST = 1_000_000;
/** One in so many asks for a record, too. */
const WITH_RECORD = 10;

/** Many clients that ask where one batch stands, so many times a second; each answer must be 200, with exact counters. */
export class StatusLoad {
  readonly #product: Product;
  readonly #referenceId: string;
  readonly #counters: ExactCounters;
  readonly #waiting = new Set<Promise<unknown>>();
  readonly #failures: unknown[] = [];

  constructor(product: Product, referenceId: string, counters: ExactCounters) {
    this.#product = product;
    this.#referenceId = referenceId;
    this.#counters = counters;
  }

  /**
   * Asks for so many seconds, so often a second as far as the answers keep up, and resolves to how many a second they were. Rejects when one
   * was not as it should be.
   */
  async run(seconds: number, perSecond: number): Promise<number> {
    const startedAt = performance.now();
    let calls = 0;
    for (; calls < seconds * perSecond && this.#failures.length === 0; calls += 1) {
      const early = startedAt + (calls * 1000) / perSecond - performance.now();
      if (early > 0) await wait(early);
      while (this.#waiting.size >= MOST_AT_ONCE) await Promise.race(this.#waiting);
      if (performance.now() - startedAt > seconds * 1000) break;
      const asked = this.#ask(calls % WITH_RECORD === 0 ? 1 : BEHIND_THE_LAST)
        .catch((failure: unknown) => this.#failures.push(failure))
        .finally(() => this.#waiting.delete(asked));
      this.#waiting.add(asked);
    }
    await Promise.all(this.#waiting);
    if (this.#failures.length > 0) throw this.#failures[0];
    return (calls * 1000) / (performance.now() - startedAt);
  }

  async #ask(page: number): Promise<void> {
    const check = this.#counters.asked();
    check(await this.#product.status(this.#referenceId, { limit: 1, page }));
  }
}
