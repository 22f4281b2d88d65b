import { expect, test } from 'vitest';
import { isEmptyChange, mergeOutcome, NO_OUTCOME } from '#lambdas/chunk/chunk.ts';

const error = (code: string) => ({ code, message: code });

test('a stored session is never replaced; the newest error of a row counts', () => {
  const stored = mergeOutcome(NO_OUTCOME, { sessions: new Map([[1, 'first']]), errors: new Map([[2, error('old')]]) });
  const merged = mergeOutcome(stored, {
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
  expect(isEmptyChange({ sessions: new Map(), errors: new Map() })).toBe(true);
  expect(isEmptyChange({ sessions: new Map([[0, 's']]), errors: new Map() })).toBe(false);
  expect(isEmptyChange({ sessions: new Map(), errors: new Map([[0, error('e')]]) })).toBe(false);
});
