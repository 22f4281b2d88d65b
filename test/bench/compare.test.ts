import { expect, test } from 'vitest';
import { compareRuns } from '#bench/compare.ts';
import { recordOf } from './records.ts';

const [first, second] = [recordOf({ same: 5, other: 100 }), recordOf({ same: 5, other: 103 })];

test('two runs are compared by what is counted in both, and what only one has is named', () => {
  const { text, tooLarge } = compareRuns(first, recordOf({ same: 5, more: 1 }));
  expect(text.split('\n')).toEqual([
    '    gone  other',
    '   added  more',
    '1 counted figures of both runs: 1 the same, 0 differ by 2 % or more',
  ]);
  expect(tooLarge).toBe(false);
  expect(() => compareRuns(first, recordOf({ more: 1 }))).toThrow('no counted figure in common');
});

test('times and memory are not compared, unless they are the same everywhere', () => {
  const withTime = (time: number, exact: boolean): typeof first => ({
    ...first,
    figures: [...first.figures, ...recordOf({ time }, 'ms').figures.map((figure) => ({ ...figure, exact }))],
  });
  expect(compareRuns(withTime(1, false), withTime(9, false)).tooLarge).toBe(false);
  expect(compareRuns(withTime(1, true), withTime(9, true)).tooLarge).toBe(true);
});

test('a difference of 2 % is too large, one below it is not', () => {
  expect(compareRuns(first, second)).toEqual({
    text: '  3.00 %  other: 100, 103\n2 counted figures of both runs: 1 the same, 1 differ by 2 % or more',
    tooLarge: true,
  });
  expect(compareRuns(first, recordOf({ same: 5, other: 102 })).tooLarge).toBe(true);
  expect(compareRuns(first, recordOf({ same: 5, other: 101.9 })).tooLarge).toBe(false);
  // From nothing to something is as large as a difference can be.
  expect(compareRuns(recordOf({ windows: 0 }), recordOf({ windows: 1 })).tooLarge).toBe(true);
});
