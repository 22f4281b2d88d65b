import { afterAll, describe, expect, test } from 'vitest';
import { captureLogLines } from './log-lines.ts';
import { PAIRS } from './pairs.ts';
import { reportOf } from './report.ts';
import { simulate, type Variant } from './simulate.ts';

const logLines = captureLogLines();
afterAll(() => logLines.release());

/** A part of the pairs, spread over all places and faults; `npm run sim -- --pairs` plays them all. */
const EVERY = 17;
const PAIRS_A_TEST = 100;

const numbers = Array.from({ length: Math.ceil(PAIRS / EVERY) }, (_, index) => 1 + index * EVERY);
const blocks = Array.from({ length: Math.ceil(numbers.length / PAIRS_A_TEST) }, (_, index) => index * PAIRS_A_TEST);
const play = (number: number, variant: Variant = {}) => simulate(number, logLines, { ...variant, history: 'pair' });

describe('two faults in one history', () => {
  test('are placed at every two of its first 45 calls', () => {
    expect(PAIRS).toBe(45 * 3 + ((45 * 44) / 2) * 3 * 3);
  });

  test.each(blocks)('break no promise, from the %ith of this part on', async (from) => {
    for (const number of numbers.slice(from, from + PAIRS_A_TEST)) {
      const { broken } = await play(number);
      if (broken !== null)
        expect.fail(reportOf(await simulate(number, logLines, { history: 'pair', keepHistory: true })));
    }
  });

  test('find a product that sends without an intent', async () => {
    let found: string | null = null;
    for (const number of numbers) {
      found ??= (await play(number, { mutant: 'sends-without-intent' })).broken;
      if (found !== null) break;
    }
    expect(found).toMatch(/sessions opened|no session had been looked for|requested again|ended as it must not/);
  });
});
