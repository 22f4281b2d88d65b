import { expect, test } from 'vitest';
import { runRowExecutions } from '#bench/counted/row-executions.ts';
import { demoConsents } from '#cli/demo-consents.ts';

const ROWS = 500;
const consents = demoConsents(ROWS).map(({ consentId }) => consentId);
const run = (limit: number | null, balances = false) => runRowExecutions(consents, { limit, balances });

test('one execution per row takes two transitions, and three a poll', async () => {
  const { calls, transitions, invocations, slots, delays } = await run(null);
  const polls = calls - ROWS;
  expect(polls).toBeGreaterThan(ROWS);
  expect(transitions).toBe(2 * ROWS + 3 * polls);
  expect(invocations).toBe(calls);
  expect(slots).toBe(0);
  expect(delays).toHaveLength(ROWS);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
});

test('with a limit each call takes a slot: a task, a Wait and a write more, evenly spaced', async () => {
  const { calls, transitions, slots, makespan } = await run(100);
  expect(slots).toBe(calls);
  expect(transitions).toBe(2 * ROWS + 3 * (calls - ROWS) + 2 * calls);
  expect(makespan / 60_000).toBeGreaterThan(calls / 100);
});

test('a balance is one call and one transition more', async () => {
  const [without, withBalances] = [await run(null), await run(null, true)];
  expect(withBalances.calls - without.calls).toBe(ROWS);
  expect(withBalances.transitions - without.transitions).toBe(ROWS);
});

test('it takes the same in every run', async () => {
  expect(await run(100, true)).toEqual(await run(100, true));
});
