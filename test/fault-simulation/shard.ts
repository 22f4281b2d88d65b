import { afterAll, expect, test } from 'vitest';
import { captureLogLines } from './log-lines.ts';
import { reportOf } from './report.ts';
import { simulate, type Variant } from './simulate.ts';

/** Seeds of one test, so that a failing one is named soon. */
const SEEDS_A_TEST = 50;

/** Tests that play some seeds, each of which keeps every promise. Files of such tests run side by side. */
export function playsSeeds(first: number, count: number, variant: Variant = {}): void {
  const logLines = captureLogLines();
  afterAll(() => logLines.release());
  const starts = Array.from({ length: Math.ceil(count / SEEDS_A_TEST) }, (_, block) => first + block * SEEDS_A_TEST);
  test.each(starts)('every promise is kept in the histories from seed %i on', async (start) => {
    for (let seed = start; seed < Math.min(start + SEEDS_A_TEST, first + count); seed += 1) {
      const { broken } = await simulate(seed, logLines, variant);
      if (broken !== null) expect.fail(reportOf(await simulate(seed, logLines, { ...variant, keepHistory: true })));
    }
  });
}
