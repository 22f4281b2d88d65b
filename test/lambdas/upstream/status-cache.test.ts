import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('a cached status', () => {
  const document = { message: 'success', data: { sessionId: 's', nested: [{ a: 1 }] } };

  test('is found until its time, by its organisation, in any spelling', async () => {
    const kept = dynamoDbStatusCache(table);
    await kept.store('org', 'ABC', document, NOW + MINUTE);
    expect(await dynamoDbStatusCache(table).find('org', 'abc', NOW + MINUTE - 1)).toEqual(document);
    expect(await kept.find('org', 'abc', NOW + MINUTE)).toBeNull();
    expect(await kept.find('another', 'abc', NOW)).toBeNull();
    expect((await table.items())[0]?.['expiresAt']).toBe((NOW + MINUTE) / 1000);
  });

  test('that is too large for an item is not kept, and does no harm', async () => {
    const noise = Array.from({ length: 60_000 }, (_, n) => Math.sin(n));
    await dynamoDbStatusCache(table).store('org', 'large', { message: 'success', data: { noise } }, NOW + MINUTE);
    expect(await table.items()).toEqual([]);
  });
});
