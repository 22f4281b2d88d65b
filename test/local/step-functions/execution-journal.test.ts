import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Execution, ExecutionJournal } from '#local/step-functions/execution-journal.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'below', 'executions.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const execution = (name: string, extra: Partial<Execution> = {}): Execution => ({
  arn: `arn:${name}`,
  name,
  stateMachineArn: 'arn:machine',
  input: '{}',
  startedAt: 1_000,
  status: 'RUNNING',
  ...extra,
});

/** What a process that starts now finds. */
const reopened = (now = 2_000): Execution[] => [...new ExecutionJournal(path).load(now).values()];

function write(...executions: Execution[]): void {
  const journal = new ExecutionJournal(path);
  journal.load(0);
  for (const one of executions) journal.write(one);
}

test('gives back the last state of each execution', () => {
  write(execution('a'), execution('b'), execution('a', { at: { state: 'Wait', input: '1' } }));
  expect(reopened()).toEqual([execution('a', { at: { state: 'Wait', input: '1' } }), execution('b')]);
});

test('survives a line that a crash cut short, and what was written after it', () => {
  write(execution('a'));
  appendFileSync(path, '{"arn":"arn:b","na');
  expect(reopened()).toEqual([execution('a')]);
  write(execution('c'));
  expect(reopened()).toEqual([execution('a'), execution('c')]);
});

test('is shorter after a start, and forgets executions 90 days after they closed', () => {
  const day = 24 * 3600 * 1000;
  write(execution('a'), execution('a'), execution('b', { status: 'SUCCEEDED', stoppedAt: 2_000 }));
  expect(reopened(89 * day)).toHaveLength(2);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
  expect(reopened(91 * day)).toEqual([execution('a')]);
});

test('without a file it keeps nothing', () => {
  const journal = new ExecutionJournal(undefined);
  journal.write(execution('a'));
  expect(journal.load(0).size).toBe(0);
});
