import { expect, test } from 'vitest';
import { memoryStatusCache } from '#lambdas/upstream/fi-request-status/status-cache.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 30);
const UNTIL = NOW + 60_000;
const document = { message: 'success', data: { sessionId: 's', nested: [{ a: 1 }] } };

test('a cached status is found until its time, by its organisation, in any spelling', () => {
  const cache = memoryStatusCache();
  cache.store('org', 'ABC', document, UNTIL);
  expect(cache.find('org', 'abc', UNTIL - 1)).toEqual(document);
  expect(cache.find('org', 'abc', UNTIL)).toBeNull();
  expect(cache.find('another', 'abc', NOW)).toBeNull();
});

test('the cache is bounded: the oldest go first, and what is stored again is not counted twice', () => {
  const cache = memoryStatusCache();
  const large = { message: 'success', data: { noise: 'x'.repeat(1_000_000) } };
  const sessions = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  for (const session of sessions) for (let times = 0; times < 3; times += 1) cache.store('org', session, large, UNTIL);
  expect(sessions.filter((session) => cache.find('org', session, NOW))).toEqual(sessions.slice(2));
});
