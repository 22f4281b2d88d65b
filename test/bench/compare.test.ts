import { expect, test } from 'vitest';
import { compareRuns, showComparison } from '#bench/compare.ts';
import { recordOf } from './records.ts';

const [first, second] = [recordOf({ same: 5, other: 100 }), recordOf({ same: 5, other: 103 })];

test('two runs are compared by what is counted in both, and what only one has is named', () => {
  expect(compareRuns(first, second)).toEqual({
    differences: [
      { name: 'other', first: 100, second: 103, share: 0.03 },
      { name: 'same', first: 5, second: 5, share: 0 },
    ],
    gone: [],
    added: [],
  });
  expect(compareRuns(first, recordOf({ same: 5, more: 1 }))).toMatchObject({ gone: ['other'], added: ['more'] });
  expect(showComparison(compareRuns(first, recordOf({ same: 5 }))).text).toContain('gone  other');
  expect(() => compareRuns(first, recordOf({ more: 1 }))).toThrow('no counted figure in common');
});

test('times and memory are not compared, unless they are the same everywhere', () => {
  const withTime = (time: number, exact: boolean): typeof first => ({
    ...first,
    figures: [...first.figures, ...recordOf({ time }, 'ms').figures.map((figure) => ({ ...figure, exact }))],
  });
  expect(compareRuns(withTime(1, false), withTime(9, false)).differences).toHaveLength(2);
  expect(compareRuns(withTime(1, true), withTime(9, true)).differences).toHaveLength(3);
});

test('a difference of 2 % is too large, one below it is not', () => {
  expect(showComparison(compareRuns(first, second))).toEqual({
    text: '  3.00 %  other: 100, 103\n2 counted figures of both runs: 1 the same, 1 differ by 2 % or more',
    tooLarge: true,
  });
  expect(showComparison(compareRuns(first, recordOf({ same: 5, other: 102 }))).tooLarge).toBe(true);
  expect(showComparison(compareRuns(first, recordOf({ same: 5, other: 101.9 }))).tooLarge).toBe(false);
});
