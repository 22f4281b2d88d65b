import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '#lambdas/platform/settings.ts';
import { dynamoDbBudget } from '#lambdas/upstream/budget.ts';
import type { Permit } from '#lambdas/upstream/permit.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const settings = readSettings({});
const MINUTE = 60_000;
const NOW = 1_800_000_000_000 - (1_800_000_000_000 % MINUTE) + 10_000;
const NO_RATE = { limit: null, remaining: null, resetAt: null };
const NOTHING = {
  rate: null,
  rateLimited: false,
  circuit: 'leave',
  failures: { points: 0, answered: true },
} as const;

let table: LocalTable;
beforeEach(async () => {
  table = await localTable();
});
afterEach(() => table.close());

const reservationOf = (leave: Permit) => {
  if (!leave.granted) throw new Error(`no leave before ${leave.waitUntil}`);
  return leave.reservation;
};

describe('the ledger', () => {
  test('fills the current window to 97 % and later ones to 90 %', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const taken = new Map<number, number>();
    for (let chunk = 0; chunk < 12; chunk += 1) {
      const { startsAt, tokens } = reservationOf(await budget.reserve('org', 250, null, NOW));
      taken.set(startsAt, (taken.get(startsAt) ?? 0) + tokens);
    }
    const start = NOW - (NOW % MINUTE);
    expect(taken.get(start)).toBe(970);
    expect(taken.get(start + MINUTE)).toBe(900);
    expect([...taken.keys()].every((each) => each % MINUTE === 0)).toBe(true);
  });

  test('is never overdrawn by workers that reserve at once', async () => {
    const workers = Array.from({ length: 20 }, () => dynamoDbBudget(table, table, settings));
    const leaves = await Promise.all(workers.map((worker) => worker.reserve('org', 100, null, NOW)));
    const taken = new Map<number, number>();
    for (const { startsAt, tokens } of leaves.map(reservationOf))
      taken.set(startsAt, (taken.get(startsAt) ?? 0) + tokens);
    expect(Math.max(...taken.values())).toBeLessThanOrEqual(970);
  });

  test('keeps organisations apart', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.reserve('large', 250, null, NOW);
    expect(reservationOf(await budget.reserve('small', 10, null, NOW)).startsAt).toBe(NOW - (NOW % MINUTE));
  });

  test('takes nothing more for a reservation held for a later window', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.reserve('org', 250, null, NOW);
    const held = reservationOf(await budget.reserve('org', 250, null, NOW));
    expect(held.startsAt).toBeGreaterThan(NOW);
    expect(reservationOf(await budget.reserve('org', 250, held, held.startsAt + 2_000))).toEqual(held);
  });

  test('says that the budget is tight when the window before was nearly used up', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    expect(reservationOf(await budget.reserve('org', 100, null, NOW)).tight).toBe(false);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.reserve('org', 250, null, NOW);
    expect(reservationOf(await budget.reserve('org', 10, null, NOW + MINUTE)).tight).toBe(true);
  });

  test('takes back what was not used', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 970, null, NOW));
    await budget.release('org', first, 500);
    expect(reservationOf(await budget.reserve('org', 400, null, NOW)).startsAt).toBe(first.startsAt);
  });

  test('lets nothing out of a window after a 429, and goes on with the next', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 10, null, NOW));
    const rate = { limit: 1000, remaining: 0, resetAt: first.endsAt };
    await budget.learn('org', first, { ...NOTHING, rate, rateLimited: true }, NOW);
    expect(reservationOf(await budget.reserve('org', 10, null, NOW)).startsAt).toBe(first.endsAt);
  });

  test('follows X-RateLimit-Reset and leaves one window out when it moves', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 10, null, NOW));
    const resetAt = NOW + 25_000;
    await budget.learn('org', first, { ...NOTHING, rate: { ...NO_RATE, resetAt } }, NOW);
    const next = reservationOf(await budget.reserve('org', 10, first, NOW));
    expect(next.startsAt).toBe(resetAt + MINUTE);
  });

  test('does not stop at a 429 whose reset lies just within one of our windows', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 10, null, NOW));
    const rate = { limit: 1000, remaining: 0, resetAt: first.endsAt + 1_500 };
    await budget.learn('org', first, { ...NOTHING, rate, rateLimited: true }, NOW);
    expect(reservationOf(await budget.reserve('org', 10, null, NOW)).startsAt).toBe(first.endsAt);
  });

  test.each([
    ['milliseconds', 1_800_000_000_000_000],
    ['a delta', 37_000],
  ])('does not believe a reset that is given in another unit: %s', async (_, resetAt) => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 10, null, NOW));
    await budget.learn('org', first, { ...NOTHING, rate: { ...NO_RATE, resetAt }, rateLimited: true }, NOW);
    expect(reservationOf(await budget.reserve('org', 10, null, NOW)).startsAt).toBe(first.endsAt);
  });

  test('learns that the windows are longer, and voids what was reserved by the shorter ones', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 970, null, NOW));
    const held = reservationOf(await budget.reserve('org', 500, null, NOW));
    const resetAt = first.endsAt + MINUTE;
    await budget.learn('org', first, { ...NOTHING, rate: { ...NO_RATE, resetAt } }, NOW);
    const next = reservationOf(await budget.reserve('org', 500, held, NOW));
    expect(next.epoch).toBeGreaterThan(held.epoch);
    expect(next.startsAt).toBeGreaterThanOrEqual(resetAt);
    expect(next.endsAt - next.startsAt).toBeGreaterThan(MINUTE);
  });

  test('counts the calls of others with the same credentials, as the headers show them', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 100, null, NOW));
    const rate = { limit: 1000, remaining: 200, resetAt: first.endsAt };
    await budget.learn('org', first, { ...NOTHING, rate }, NOW);
    expect(reservationOf(await budget.reserve('org', 500, null, NOW)).tokens).toBe(170);
  });

  test('writes nothing for calls that another worker of ours has made since', async () => {
    const [one, other] = [dynamoDbBudget(table, table, settings), dynamoDbBudget(table, table, settings)];
    const first = reservationOf(await one.reserve('org', 100, null, NOW));
    await other.reserve('org', 300, null, NOW);
    const commands: (string | undefined)[] = [];
    table.client.middlewareStack.add(
      (next, { commandName }) =>
        (request) => {
          commands.push(commandName);
          return next(request);
        },
      { step: 'initialize' },
    );
    await one.learn('org', first, { ...NOTHING, rate: { limit: 1000, remaining: 600, resetAt: first.endsAt } }, NOW);
    expect(commands).toEqual(['GetItemCommand']);
    await one.learn('org', first, { ...NOTHING, rate: { limit: 1000, remaining: 599, resetAt: first.endsAt } }, NOW);
    expect(commands).toEqual(['GetItemCommand', 'GetItemCommand', 'UpdateItemCommand']);
  });

  test('grants what a very small limit allows', async () => {
    const small = readSettings({ UPSTREAM_LIMIT: '20' });
    const budget = dynamoDbBudget(table, table, small);
    const tokens: number[] = [];
    for (let chunk = 0; chunk < 3; chunk += 1) {
      tokens.push(reservationOf(await budget.reserve('org', 250, null, NOW)).tokens);
    }
    expect(tokens).toEqual([19, 18, 18]);
  });

  test('believes the limit in the headers', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const first = reservationOf(await budget.reserve('org', 10, null, NOW));
    await budget.learn('org', first, { ...NOTHING, rate: { ...NO_RATE, limit: 100 } }, NOW);
    expect(reservationOf(await budget.reserve('org', 200, first, NOW))).toMatchObject({ tokens: 90, epoch: 1 });
  });
});

describe('the circuit', () => {
  test('opens when workers together fail to reach the upstream five times in a row', async () => {
    const [one, other] = [dynamoDbBudget(table, table, settings), dynamoDbBudget(table, table, settings)];
    const reservation = reservationOf(await one.reserve('org', 10, null, NOW));
    const failed = { ...NOTHING, failures: { points: 6, answered: false } };
    expect(await one.learn('org', reservation, failed, NOW)).toBe(false);
    expect(await other.learn('org', reservation, failed, NOW)).toBe(true);
    expect(await one.reserve('org', 10, null, NOW)).toEqual({ granted: false, waitUntil: NOW + MINUTE });
  });

  test('stays closed when an answer came in between', async () => {
    const budget = dynamoDbBudget(table, table, settings);
    const reservation = reservationOf(await budget.reserve('org', 10, null, NOW));
    await budget.learn('org', reservation, { ...NOTHING, failures: { points: 6, answered: false } }, NOW);
    await budget.learn('org', reservation, { ...NOTHING, failures: { points: 6, answered: true } }, NOW);
    expect(await budget.reserve('org', 10, null, NOW)).toMatchObject({ granted: true });
  });

  test('is tried by one worker at a time, and closed by a halfOpen that went well', async () => {
    const workers = Array.from({ length: 5 }, () => dynamoDbBudget(table, table, settings));
    const [one] = workers;
    if (!one) throw new Error('no worker');
    const reservation = reservationOf(await one.reserve('org', 10, null, NOW));
    await one.learn('org', reservation, { ...NOTHING, circuit: 'open' }, NOW);
    expect(await one.reserve('org', 10, null, NOW + 1_000)).toEqual({ granted: false, waitUntil: NOW + MINUTE });

    const later = NOW + MINUTE;
    const leaves = await Promise.all(workers.map((worker) => worker.reserve('org', 10, null, later)));
    const trials = leaves.filter((leave) => leave.granted);
    expect(trials).toHaveLength(1);
    expect(trials[0]).toMatchObject({ halfOpen: true, reservation: { tokens: 1 } });

    await one.learn('org', reservation, { ...NOTHING, circuit: 'close' }, later);
    expect(await one.reserve('org', 10, null, later)).toMatchObject({ granted: true, halfOpen: false });
  });
});
