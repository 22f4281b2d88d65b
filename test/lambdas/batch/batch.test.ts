import { describe, expect, test } from 'vitest';
import { batchStatusOf, progressOf, sumCounters } from '#lambdas/batch/batch.ts';
import type { Counters } from '#lambdas/chunk/row.ts';

const counters = (READY: number, IN_PROGRESS: number, COMPLETED: number, FAILED: number): Counters => ({
  READY,
  IN_PROGRESS,
  COMPLETED,
  FAILED,
});

describe('the status of a batch', () => {
  test.each([
    ['READY', counters(4, 0, 0, 0), 0],
    ['IN_PROGRESS', counters(3, 1, 0, 0), 0],
    ['IN_PROGRESS', counters(3, 0, 1, 0), 25],
    ['IN_PROGRESS', counters(0, 1, 2, 1), 75],
    ['COMPLETED', counters(0, 0, 4, 0), 100],
    ['COMPLETED', counters(0, 0, 1, 3), 100],
    ['COMPLETED', counters(0, 0, 0, 4), 100],
  ])('is %s with %j, %i %% done', (status, each, progress) => {
    expect(batchStatusOf(4, each, null)).toBe(status);
    expect(progressOf(4, each)).toBe(progress);
  });

  test('is FAILED when the batch as a whole could not be processed', () => {
    const error = { code: 'InvalidFileContent', message: 'The file has no rows' };
    expect(batchStatusOf(0, counters(0, 0, 0, 0), error)).toBe('FAILED');
    expect(progressOf(0, counters(0, 0, 0, 0))).toBe(0);
  });

  test('rounds its progress down', () => {
    expect(progressOf(3, counters(0, 1, 1, 1))).toBe(66);
    expect(progressOf(10_000, counters(0, 1, 9_999, 0))).toBe(99);
  });

  test('sums the counters of its chunks', () => {
    expect(sumCounters([counters(1, 2, 3, 4), counters(10, 20, 30, 40)])).toEqual(counters(11, 22, 33, 44));
    expect(sumCounters([])).toEqual(counters(0, 0, 0, 0));
  });
});
