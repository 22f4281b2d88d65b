import { expect, test } from 'vitest';
import { blockOf, replaceBlock } from '#bench/documents/blocks.ts';

const document = `# Written by people

<!-- bench: one (made by \`npm run bench\`) -->
old
<!-- bench: end of one -->

also by people: bench, $1, $&
`;

test('only what is between the markers is replaced', () => {
  const replaced = replaceBlock(document, 'one', '| $& | new |');
  expect(replaced).toBe(document.replace('\nold\n', () => '\n\n| $& | new |\n\n'));
  expect(blockOf(replaced, 'one')).toBe('| $& | new |');
});

test('replacing a block by what it has changes nothing', () => {
  const once = replaceBlock(document, 'one', 'new');
  expect(replaceBlock(once, 'one', blockOf(once, 'one'))).toBe(once);
});

test('a block that is missing, open or there twice is refused', () => {
  expect(() => blockOf(document, 'two')).toThrow('no block two');
  expect(() => blockOf(document.replace('end of one', 'end'), 'one')).toThrow('no block one');
  expect(() => blockOf(document + document, 'one')).toThrow('no block one, or two');
});
