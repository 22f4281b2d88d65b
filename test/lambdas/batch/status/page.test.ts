import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paginate, sliceOfPage } from '#lambdas/batch/status/report.ts';

test.each([
  [1, 100, 0, { total_pages: 0, has_next: false, has_prev: false }],
  [2, 100, 0, { total_pages: 0, has_next: false, has_prev: false }],
  [1, 100, 100, { total_pages: 1, has_next: false, has_prev: false }],
  [1, 100, 101, { total_pages: 2, has_next: true, has_prev: false }],
  [2, 100, 101, { total_pages: 2, has_next: false, has_prev: true }],
  [9, 100, 101, { total_pages: 2, has_next: false, has_prev: true }],
])('page %i of %i with %i records', (page, limit, total, expected) => {
  expect(paginate(page, limit, total)).toEqual({ page, limit, total, ...expected });
});

test('the pages of a list, one after the other, are the list', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 50 }), fc.integer({ min: 1, max: 60 }), (items, limit) => {
      const { total_pages: pages } = paginate(1, limit, items.length);
      const all = Array.from({ length: pages }, (_, index) => sliceOfPage(items, index + 1, limit));
      expect(all.flat()).toEqual(items);
      expect(all.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      expect(sliceOfPage(items, pages + 1, limit)).toEqual([]);
      expect(sliceOfPage(items, Number.MAX_SAFE_INTEGER, limit)).toEqual([]);
    }),
  );
});
