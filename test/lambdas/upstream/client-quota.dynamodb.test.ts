import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dynamoDbClientCalls } from '#lambdas/clients/store.dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { dynamoDbBudget } from '#lambdas/upstream/budget.ts';
import { dynamoDbStatusCache } from '#lambdas/upstream/fi-request-status/status-cache.dynamodb.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 10, 0, 0);
const NOW = START + 30_000;

let table: LocalTable;
beforeEach(async () => {
  table = await localTable();
});
afterEach(() => table.close());

const budgetOf = (environment: Record<string, string> = {}) =>
  dynamoDbBudget(table, table, readSettings({ UPSTREAM_LIMIT: '100', ...environment }));

const usedOf = async (): Promise<unknown> => (await table.items()).find(({ sk }) => sk === 'LEDGER')?.['used'];

describe("a client's call", () => {
  test('takes what chunks have left of the window, and no more, however many come at once', async () => {
    const chunks = budgetOf();
    expect(await chunks.reserve('org', 250, null, NOW)).toMatchObject({ granted: true, reservation: { tokens: 97 } });
    const workers = Array.from({ length: 8 }, () => budgetOf());
    const leaves = await Promise.all(workers.map((worker) => worker.take('org', NOW)));
    expect(leaves.filter(({ granted }) => granted)).toHaveLength(3);
    for (const leave of leaves.filter(({ granted }) => !granted)) {
      expect(leave).toEqual({ granted: false, because: 'used-up', until: START + MINUTE + 2_000 });
    }
    expect(await usedOf()).toEqual({ [START]: 100 });
  });

  test('is counted in both windows near their boundary, and windows gone by are forgotten', async () => {
    const budget = budgetOf();
    await budget.take('org', NOW - 3 * MINUTE);
    await budget.take('org', START - 1);
    expect(await usedOf()).toEqual({ [START - MINUTE]: 1, [START]: 1 });
  });

  test('teaches the ledger what the headers say, as those of chunks do', async () => {
    const budget = budgetOf();
    const leave = await budget.take('org', NOW);
    if (!leave.granted) throw new Error('no leave');
    await budget.learn(
      'org',
      leave.reservation,
      {
        rate: { limit: 100, remaining: 20, resetAt: START + MINUTE },
        rateLimited: false,
        circuit: 'leave',
        failures: { points: 0, answered: true },
      },
      NOW,
    );
    expect(await usedOf()).toEqual({ [START]: 80 });
  });

  test('does not go out while the circuit is open, and is the one that tries it when it is time', async () => {
    const budget = budgetOf();
    const leave = await budget.take('org', NOW);
    if (!leave.granted) throw new Error('no leave');
    const open = { rate: null, rateLimited: false, circuit: 'open', failures: { points: 0, answered: true } } as const;
    expect(await budget.learn('org', leave.reservation, open, NOW)).toBe(true);
    expect(await budget.take('org', NOW)).toEqual({ granted: false, because: 'circuit-open', until: NOW + MINUTE });
    const trials = await Promise.all([budget, budgetOf(), budgetOf()].map((each) => each.take('org', NOW + MINUTE)));
    expect(trials.filter(({ granted }) => granted)).toMatchObject([{ halfOpen: true }]);
  });
});

describe('calls of clients', () => {
  test('are counted exactly, by organisation and window', async () => {
    const window = { startsAt: START, endsAt: START + MINUTE };
    const workers = Array.from({ length: 5 }, () => dynamoDbClientCalls(table));
    const counts = await Promise.all(
      Array.from({ length: 100 }, (_, call) => workers[call % 5]?.add('org', window) ?? Promise.resolve(0)),
    );
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, call) => call + 1));
    const [calls] = workers;
    expect(await calls?.add('another', window)).toBe(1);
    expect(await calls?.add('org', { startsAt: window.endsAt, endsAt: window.endsAt + MINUTE })).toBe(1);
  });

  test('are forgotten after their window', async () => {
    await dynamoDbClientCalls(table).add('org', { startsAt: START, endsAt: START + MINUTE });
    expect((await table.items())[0]?.['expiresAt']).toBe((START + MINUTE) / 1000);
  });
});

describe('a kept status', () => {
  const document = { message: 'success', data: { sessionId: 's', nested: [{ a: 1 }] } };

  test('is found until its time, by its organisation, in any spelling', async () => {
    const kept = dynamoDbStatusCache(table);
    await kept.keep('org', 'ABC', document, NOW + MINUTE);
    expect(await dynamoDbStatusCache(table).find('org', 'abc', NOW + MINUTE - 1)).toEqual(document);
    expect(await kept.find('org', 'abc', NOW + MINUTE)).toBeNull();
    expect(await kept.find('another', 'abc', NOW)).toBeNull();
    expect((await table.items())[0]?.['expiresAt']).toBe((NOW + MINUTE) / 1000);
  });

  test('that is too large for an item is not kept, and does no harm', async () => {
    const noise = Array.from({ length: 60_000 }, (_, n) => Math.sin(n));
    await dynamoDbStatusCache(table).keep('org', 'large', { message: 'success', data: { noise } }, NOW + MINUTE);
    expect(await table.items()).toEqual([]);
  });
});
