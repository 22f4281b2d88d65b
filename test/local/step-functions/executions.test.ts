import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { State } from '#local/state.ts';
import { type Execution, executionRecords } from '#local/step-functions/executions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'executions-'));
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

/** What a process that starts now finds, after writing. */
function reopened(now: number, ...written: Execution[]): Execution[] {
  const state = new State(folder);
  const records = executionRecords(state, now);
  for (const one of written) records.put(one.arn, one);
  const found = [...records.all().values()];
  state.close();
  return found;
}

test('gives back the last state of each execution', () => {
  const waiting = execution('a', { at: { state: 'Wait', input: '1' } });
  reopened(0, execution('a'), execution('b'), waiting);
  expect(reopened(2_000)).toEqual(expect.arrayContaining([waiting, execution('b')]));
  expect(reopened(2_000)).toHaveLength(2);
});

test('forgets executions 90 days after they closed', () => {
  const day = 24 * 3600 * 1000;
  reopened(0, execution('a'), execution('b', { status: 'SUCCEEDED', stoppedAt: 2_000 }));
  expect(reopened(89 * day)).toHaveLength(2);
  expect(reopened(91 * day)).toEqual([execution('a')]);
});

test('a state directory that is in use is refused', () => {
  const state = new State(folder);
  expect(() => new State(folder)).toThrow('is in use');
  state.close();
  new State(folder).close();
});
