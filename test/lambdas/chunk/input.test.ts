import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectiveRow, previousOccurrences } from '#lambdas/chunk/content.ts';

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

describe('what an FI request is raised with', () => {
  const defaults = { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-12-31', configId: 'default' };
  const row = { consentId: 'c', fiDataRangeFrom: null, fiDataRangeTo: null, configId: null, previous: 3 };

  test('is the global value where the row has none', () => {
    expect(effectiveRow(row, defaults)).toEqual({ consentId: 'c', ...defaults });
  });
  test('is the value of the row where it has one', () => {
    expect(effectiveRow({ ...row, fiDataRangeTo: '2024-06-30', configId: 'own' }, defaults)).toEqual({
      consentId: 'c',
      fiDataRangeFrom: '2024-01-01',
      fiDataRangeTo: '2024-06-30',
      configId: 'own',
    });
  });
  test('is nothing where neither has one', () => {
    const none = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
    expect(effectiveRow(row, none)).toEqual({ consentId: 'c', ...none });
  });
});
