import { expect, test } from 'vitest';
import { UsageError } from '#cli/command.ts';
import { readVerifyOptions } from '#verify/options.ts';

test('a machine without Python fails, unless it may', () => {
  expect(readVerifyOptions([])).toEqual({ ifPossible: false });
  expect(readVerifyOptions(['--if-possible'])).toEqual({ ifPossible: true });
});

test.each([[['--rows', '5']], [['now']], [['--if-possible=yes']]])('%j is refused', (args) => {
  expect(() => readVerifyOptions(args)).toThrow(UsageError);
});
