import { expect, test } from 'vitest';
import { itemSize, writeUnits } from '#local/dynamodb/item-size.ts';

test.each([
  ['text by its UTF-8 bytes', { name: { S: 'é' } }, 4 + 2],
  ['a number by two digits a byte', { n: { N: '12345' } }, 1 + 3 + 1],
  ['a negative number by one byte more', { n: { N: '-12' } }, 1 + 1 + 1 + 1],
  ['a number without its zeros', { n: { N: '1000000' } }, 1 + 1 + 1],
  ['binary by its bytes, not by base64', { b: { B: 'AAAA' } }, 1 + 3],
  ['true, false and null as one byte', { t: { BOOL: true }, n: { NULL: true } }, 1 + 1 + 1 + 1],
  ['sets by their members', { s: { SS: ['ab', 'c'] }, n: { NS: ['1', '2'] } }, 1 + 3 + 1 + 4],
  ['a list with three bytes, and one for each member', { l: { L: [{ S: 'ab' }, { S: '' }] } }, 1 + 3 + 1 + 2 + 1],
  ['a map with its names', { m: { M: { key: { S: 'v' } } } }, 1 + 3 + 1 + 3 + 1],
])('measures %s', (_, item, bytes) => {
  expect(itemSize(item)).toBe(bytes);
});

test.each([
  [0, 1],
  [1, 1],
  [1024, 1],
  [1025, 2],
])('%i bytes are %i write units', (bytes, units) => {
  expect(writeUnits(bytes)).toBe(units);
});
