import { expect, test } from 'vitest';
import { isEmptyChange, mergeOutcome, NO_OUTCOME } from '#lambdas/chunk/chunk.ts';

const error = (code: string) => ({ code, message: code });

test('a stored session is never replaced; the newest error of a row counts', () => {
  const stored = mergeOutcome(NO_OUTCOME, {
    ...NO_OUTCOME,
    sessions: new Map([[1, 'first']]),
    errors: new Map([[2, error('old')]]),
  });
  const merged = mergeOutcome(stored, {
    ...NO_OUTCOME,
    sessions: new Map([
      [1, 'second'],
      [3, 'third'],
    ]),
    errors: new Map([[2, error('new')]]),
  });
  expect(merged.version).toBe(2);
  expect(Object.fromEntries(merged.sessions)).toEqual({ 1: 'first', 3: 'third' });
  expect(merged.errors.get(2)).toEqual(error('new'));
});

test('a change is empty when it has neither', () => {
  expect(isEmptyChange(NO_OUTCOME)).toBe(true);
  expect(isEmptyChange({ ...NO_OUTCOME, sessions: new Map([[0, 's']]) })).toBe(false);
  expect(isEmptyChange({ ...NO_OUTCOME, errors: new Map([[0, error('e')]]) })).toBe(false);
});

test('a row is adopted with the session that counts', () => {
  const found = (row: number, session: string) => ({
    ...NO_OUTCOME,
    sessions: new Map([[row, session]]),
    adopted: new Set([row]),
  });
  const answered = (row: number, session: string) => ({ ...found(row, session), adopted: new Set<number>() });
  const adoptedOf = (...changes: readonly ReturnType<typeof answered>[]): number[] => [
    ...changes.reduce(mergeOutcome, NO_OUTCOME).adopted,
  ];
  expect(adoptedOf(found(0, 'a'), answered(1, 'b'), found(2, 'c'))).toEqual([0, 2]);
  expect(adoptedOf(answered(0, 'a'), found(0, 'b'))).toEqual([]);
  expect(adoptedOf(found(0, 'a'), answered(0, 'b'))).toEqual([0]);
});
