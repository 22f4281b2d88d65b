import { expect, test } from 'vitest';
import { differencesOf, showDifferences } from '#bench/compare.ts';
import { recordOf } from './records.ts';

const [first, second] = [recordOf({ same: 5, other: 100 }), recordOf({ same: 5, other: 103 })];

test('two runs are compared by what is counted in both', () => {
  expect(differencesOf(first, second)).toEqual([
    { name: 'group: other', first: 100, second: 103, share: 0.03 },
    { name: 'group: same', first: 5, second: 5, share: 0 },
  ]);
  expect(() => differencesOf(first, recordOf({ same: 5 }))).toThrow('the second run has no figure group: other');
  expect(() => differencesOf(recordOf({ same: 5 }), first)).toThrow('the first run lacks figures');
});

test('times and memory are not compared, but where they are the same everywhere', () => {
  const [one, other] = [recordOf({ time: 1 }, 'ms'), recordOf({ time: 9 }, 'ms')];
  expect(differencesOf(one, other)).toEqual([]);
  const exact = ({ figures, ...rest }: typeof one) => ({
    ...rest,
    figures: figures.map((figure) => ({ ...figure, exact: true })),
  });
  expect(differencesOf(exact(one), exact(other))).toHaveLength(1);
});

test('a difference of 2 % is too large, one below it is not', () => {
  expect(showDifferences(differencesOf(first, second))).toEqual({
    text: '  3.00 %  group: other: 100, 103\n2 counted figures: 1 the same, 1 of the others differ by 2 % or more',
    tooLarge: true,
  });
  expect(showDifferences(differencesOf(first, recordOf({ same: 5, other: 102 }))).tooLarge).toBe(true);
  expect(showDifferences(differencesOf(first, recordOf({ same: 5, other: 101.9 }))).tooLarge).toBe(false);
});
