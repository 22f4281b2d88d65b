import { expect, test } from 'vitest';
import { indexWriteUnits, type SecondaryIndex } from '#local/dynamodb/index-writes.ts';

const keysOnly: SecondaryIndex = { name: 'open', keys: ['open', 'at'], projected: [] };
const all: SecondaryIndex = { name: 'all', keys: ['open'], projected: 'all' };
const item = (attributes: Record<string, string>) =>
  Object.fromEntries(Object.entries({ pk: 'p', ...attributes }).map(([name, text]) => [name, { S: text }]));

test.each([
  ['an item without the index key', keysOnly, undefined, item({}), 0],
  ['an item with one of two key attributes', keysOnly, undefined, item({ open: 'y' }), 0],
  ['an entry that comes', keysOnly, undefined, item({ open: 'y', at: '1' }), 1],
  ['an entry that goes with its key', keysOnly, item({ open: 'y', at: '1' }), item({}), 1],
  ['an entry that goes with its item', keysOnly, item({ open: 'y', at: '1' }), undefined, 1],
  ['an entry whose key changes', keysOnly, item({ open: 'y', at: '1' }), item({ open: 'y', at: '2' }), 2],
  [
    'a change of what is not projected',
    keysOnly,
    item({ open: 'y', at: '1', x: '1' }),
    item({ open: 'y', at: '1', x: '2' }),
    0,
  ],
  ['a change of what is projected', all, item({ open: 'y', x: '1' }), item({ open: 'y', x: '2' }), 1],
  ['no change', all, item({ open: 'y', x: '1' }), item({ x: '1', open: 'y' }), 0],
  ['a large projected item', all, undefined, item({ open: 'y', x: 'x'.repeat(3000) }), 3],
])('%s costs', (_, index, before, after, units) => {
  expect(indexWriteUnits(index, ['pk'], before, after)).toBe(units);
});
