import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dynamoDbCalls } from '#lambdas/clients/store.dynamodb.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 10, 0, 0);

let table: LocalTable;
beforeEach(async () => {
  table = await localTable();
});
afterEach(() => table.close());

describe('calls of clients', () => {
  test('are counted exactly, of all and of each, by window', async () => {
    const window = { startsAt: START, endsAt: START + MINUTE };
    const workers = Array.from({ length: 5 }, () => dynamoDbCalls(table));
    const counts = await Promise.all(
      Array.from({ length: 100 }, (_, call) => workers[call % 5]?.add('org', call < 20 ? 'one' : 'two', window)),
    );
    const sorted = (numbers: (number | undefined)[]) => numbers.map(Number).toSorted((a, b) => a - b);
    const upTo = (most: number) => Array.from({ length: most }, (_, call) => call + 1);
    expect(sorted(counts.map((count) => count?.all))).toEqual(upTo(100));
    expect(sorted(counts.slice(0, 20).map((count) => count?.own))).toEqual(upTo(20));
    expect(sorted(counts.slice(20).map((count) => count?.own))).toEqual(upTo(80));
    const calls = dynamoDbCalls(table);
    expect(await calls.add('another', 'one', window)).toEqual({ all: 1, own: 1 });
    const next = { startsAt: window.endsAt, endsAt: window.endsAt + MINUTE };
    expect(await calls.add('org', 'one', next)).toEqual({ all: 1, own: 1 });
  });

  test('are forgotten after their window', async () => {
    await dynamoDbCalls(table).add('org', 'one', { startsAt: START, endsAt: START + MINUTE });
    expect((await table.items())[0]?.['expiresAt']).toBe((START + MINUTE) / 1000);
  });
});
