import { describe, expect, test } from 'vitest';
import { type ChunkState, newChunk } from '#lambdas/chunk/chunk.ts';
import type { Row } from '#lambdas/chunk/row.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { nextStepOf } from '#local/next-step.ts';
import { aRow } from '#test/world/builders.ts';

import { START } from '#test/world/start.ts';

const key = { organisationId: 'org', referenceId: 'ref', batchId: 'id', chunk: 0 };
const chunk = (rows: readonly Row[], change: Partial<ChunkState> = {}): ChunkState => ({
  ...newChunk(key, [], START, readSettings({})),
  rows,
  ...change,
});
const next = (states: readonly ChunkState[], circuit: number | null = null) => nextStepOf(states, circuit, START);
const clock = (at: number) => new Date(at).toTimeString().slice(0, 8);

describe('a batch', () => {
  const polled = [aRow('polling'), aRow('polling'), aRow('completed')];
  const reservation = { window: 1, startsAt: START, endsAt: START, tokens: 1, tight: false, epoch: 0 };
  const dueAt = START + 90_000;

  test.each<[string, ChunkState[], number | null, string]>([
    ['that is finished waits for nothing', [chunk([aRow('completed'), aRow('failed')])], null, ''],
    ['calls', [chunk(polled, { leasedUntil: dueAt })], null, 'calling FinPro'],
    [
      'has a lease that is over',
      [chunk(polled, { leasedUntil: START })],
      null,
      '2 rows without data yet, next look now',
    ],
    [
      'waits for data',
      [chunk([aRow('polling')], { dueAt })],
      null,
      `1 row without data yet, next look at ${clock(dueAt)}`,
    ],
    ['waits for another attempt', [chunk([aRow('ready')], { dueAt })], null, `1 row to be sent at ${clock(dueAt)}`],
    [
      'waits for the rate window',
      [chunk([aRow('ready')], { dueAt, reservation })],
      null,
      `the next of FinPro's rate windows begins at ${clock(dueAt)}`,
    ],
    [
      'tells what the chunk that is due first waits for, and of all rows what most do',
      [chunk([aRow('ready')], { dueAt: dueAt + 1_000 }), chunk(polled, { dueAt })],
      null,
      `2 rows without data yet, next look at ${clock(dueAt)}`,
    ],
    ['meets an outage', [chunk([aRow('ready')])], dueAt, `FinPro cannot be called; tried again at ${clock(dueAt)}`],
  ])('%s', (_, states, circuit, expected) => {
    expect(next(states, circuit)).toBe(expected);
  });
});
