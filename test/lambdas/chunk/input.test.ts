import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { previousOccurrences } from '#lambdas/chunk/chunk.ts';

describe('previous occurrences', () => {
  test.each<[string, readonly string[], readonly (number | null)[]]>([
    ['none', [], []],
    ['distinct consents', ['a', 'b', 'c'], [null, null, null]],
    ['a consent three times', ['a', 'b', 'a', 'a'], [null, null, 0, 2]],
    ['two consents, taking turns', ['a', 'b', 'a', 'b'], [null, null, 0, 1]],
    ['spellings of one GUID', ['ABCD', 'abcd', 'aBcD'], [null, 0, 1]],
  ])('%s', (_, consents, expected) => {
    expect(previousOccurrences(consents)).toEqual(expected);
  });

  test('are those that a look back finds', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'A', 'b', 'c', 'D', 'd')), (consents) => {
        const naive = consents.map((consent, index) => {
          const before = consents.slice(0, index).map((each) => each.toLowerCase());
          const previous = before.lastIndexOf(consent.toLowerCase());
          return previous < 0 ? null : previous;
        });
        expect(previousOccurrences(consents)).toEqual(naive);
      }),
    );
  });
});
