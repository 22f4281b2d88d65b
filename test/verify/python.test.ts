import { expect, test } from 'vitest';
import { findPython } from '#verify/python.ts';

const having = (found: Readonly<Record<string, string>>) => async (command: string) => found[command] ?? null;

test.each([
  ['the newest there may be', { python3: '4.0\n' }, 'python3'],
  ['just new enough', { python3: '3.10\n' }, 'python3'],
  ['a newer one beside one that is too old', { python3: '3.9\n', 'python3.12': '3.12\n' }, 'python3.12'],
  ['python alone', { python: '3.11\n' }, 'python'],
  ['too old', { python3: '3.9\n', python: '2.7\n' }, null],
  ['something else by that name', { python3: 'Python was not found\n' }, null],
  ['none', {}, null],
])('%s', async (_, found, expected) => {
  expect(await findPython(having(found))).toBe(expected);
});
