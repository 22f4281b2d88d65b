import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { readyAfter } from '#test/world/consent-behaviour.ts';
import { reportOf, runToEnd } from '#test/world/run.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Plays 400 rows against an upstream whose windows are not those of the settings, 1,000 calls a minute from the epoch on. */
async function playAgainst(rateLimit: { limit: number; window: number; anchor?: number }) {
  const world = ratedWorld({ CHUNK_ROWS: '100' });
  world.finPro.rateLimit = rateLimit;
  world.finPro.latency = () => 100;
  for (const [index, consent] of consents(400).entries()) {
    world.finPro.behave(consent, { session: readyAfter(2 + (index % 40)) });
  }
  world.start();
  await acceptBatch(world, submissionOf(consents(400)));
  await runToEnd(world, START + 20 * HOUR);
  return world;
}

describe('windows that are not as the settings say', () => {
  test.each([
    ['a lower limit', { limit: 100, window: MINUTE }],
    ['a much lower limit', { limit: 20, window: MINUTE }],
    ['a higher limit', { limit: 5000, window: MINUTE }],
    ['another beginning', { limit: 150, window: MINUTE, anchor: START + 23_000 }],
    ['windows of five minutes', { limit: 500, window: 5 * MINUTE }],
    ['windows of five minutes with another beginning', { limit: 500, window: 5 * MINUTE, anchor: START + 80_000 }],
  ])(
    '%s: learnt from the headers, and no row fails',
    async (_, rateLimit: { limit: number; window: number; anchor?: number }) => {
      const world = await playAgainst(rateLimit);
      expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 400, FAILED: 0 });
      // Calls were made by the wrong windows until the first answers; what was under way then may be too much.
      const learntBy = START + 3 * rateLimit.window;
      expect(world.finPro.overLimit.filter((at) => at > learntBy)).toEqual([]);
      const ledger = world.ledgers.of('lender');
      expect(ledger.limit).toBe(rateLimit.limit);
      const offset = (ledger.anchor - (rateLimit.anchor ?? 0)) % rateLimit.window;
      expect(Math.abs(offset)).toBe(0);
    },
  );
});
