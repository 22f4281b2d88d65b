import { expect } from 'vitest';
import type { BatchStatus } from './product.ts';

/** The rows of an answer that are terminal. */
export const terminalRows = ({ summary }: BatchStatus): number => summary.completed + summary.failed;

/** Checks the answers about one batch of so many rows: the counters of each are exact, and terminal counts never go back. */
export class ExactCounters {
  readonly #rows: number;
  #completed = 0;
  #failed = 0;
  /** How many answers were checked. */
  answers = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  /**
   * To be called before a question is sent; what it returns checks the answer. Answers may overtake one another, so each is held against
   * those only that were there when its question was sent.
   */
  asked(): (status: BatchStatus) => void {
    const [completedBefore, failedBefore] = [this.#completed, this.#failed];
    return ({ summary }) => {
      const { total, ready, in_progress, completed, failed } = summary;
      expect([total, ready + in_progress + completed + failed]).toEqual([this.#rows, this.#rows]);
      expect(completed).toBeGreaterThanOrEqual(completedBefore);
      expect(failed).toBeGreaterThanOrEqual(failedBefore);
      this.#completed = Math.max(this.#completed, completed);
      this.#failed = Math.max(this.#failed, failed);
      this.answers += 1;
    };
  }
}
