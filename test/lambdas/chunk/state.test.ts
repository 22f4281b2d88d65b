import { describe, expect, test } from 'vitest';
import { isFinished, newChunk } from '#lambdas/chunk/chunk.ts';
import { rowsDueAt } from '#lambdas/chunk/plan.ts';
import { countersOf, newRow, PHASES, type Row } from '#lambdas/chunk/row.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { START, taskOf } from '#test/world/unit-worlds.ts';

const settings = readSettings({ BATCH_DEADLINE_SECONDS: '52428' });
const KEY = taskOf({ organisationId: 'lender', referenceId: 'batch-1', batchId: 'id' });
const SECOND = 1000;

describe('a new chunk', () => {
  const chunk = newChunk(KEY, [false, true, false], START, settings);
  test('is due at once, in its first generation, and not leased', () => {
    expect(chunk).toMatchObject({ version: 1, generation: 1, stalls: 0, dueAt: START, leasedUntil: null, tick: 1000 });
    expect(isFinished(chunk)).toBe(false);
  });
  test('has the rows that failed validation FAILED, to be changed before they are sent again', () => {
    expect(chunk.rows[1]).toMatchObject({ phase: 'failed', eligibility: 'YesWithModifications' });
    expect(countersOf(chunk.rows)).toEqual({ READY: 2, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 1 });
  });
  test('of such rows only is finished', () => {
    expect(isFinished(newChunk(KEY, [true, true], START, settings))).toBe(true);
  });
});

test('counters have every phase under one status', () => {
  const rows = PHASES.map((phase): Row => ({ ...newRow(START), phase }));
  expect(countersOf(rows)).toEqual({ READY: 1, IN_PROGRESS: 5, COMPLETED: 1, FAILED: 1 });
});

describe('when rows are due', () => {
  const readyIn = (seconds: number): Row => ({ ...newRow(START), notBefore: START + seconds * SECOND });
  const done: Row = { ...newRow(START), phase: 'completed' };
  test.each<[string, readonly Row[], number]>([
    ['never, when all are terminal', [done, { ...done, phase: 'failed' }], Number.POSITIVE_INFINITY],
    ['at the first', [readyIn(60), readyIn(30), done], 30],
    ['with those that are due shortly after the first', [readyIn(10), readyIn(14), readyIn(15), readyIn(16)], 15],
    ['with those due within a quarter of the wait for the first', [readyIn(80), readyIn(100), readyIn(101)], 100],
    ['at once, when one is overdue, whatever follows', [readyIn(-10), readyIn(2)], -10],
  ])('%s', (_, rows, seconds) => {
    expect(rowsDueAt(rows, START, settings)).toBe(START + seconds * SECOND);
  });
});
