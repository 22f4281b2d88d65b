import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dynamoDbClientCalls } from '#lambdas/clients/store.dynamodb.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 10, 0, 0);

let table: LocalTable;
beforeEach(async () => {
  table = await localTable();
});
afterEach(() => table.close());

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
