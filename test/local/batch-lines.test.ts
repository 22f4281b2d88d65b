import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { followBatches } from '#local/batch-lines.ts';
import type { Progress } from '#local/progress.ts';
import { answered, fails } from '#test/world/consent-behaviour.ts';
import { runToEnd } from '#test/world/run.ts';
import { consents, ORGANISATION, REFERENCE, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const NAME = `${ORGANISATION}/${REFERENCE}`;
const LOOK = 1_000;

// The world's own clock lives of the other timers.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** What is shown, without the moments in it. */
function recorder(): { progress: Progress; shown: string[] } {
  const shown: string[] = [];
  const add = (line: string): void => void shown.push(line.replace(/\d\d:\d\d:\d\d|in [\d.]+ s/, 'TIME'));
  return {
    shown,
    progress: {
      show: (batch, { total, ready }, note) => add(`${batch} ${ready}/${total} ${note}`),
      end: (_, line) => add(line),
      stop: () => add('stopped'),
    },
  };
}

test('a batch is shown at first, whenever it was written, and once when it has ended', async () => {
  const world = roomyWorld();
  const [first = '', second = ''] = consents(2);
  world.finPro.behave(first, { requests: [fails(answered(400, 'ConsentRevoked'))] });
  world.start();
  const { batch } = await acceptBatch(world, submissionOf([first, second]));
  const stores = { ...world, circuitOpenUntil: async () => null, close: () => undefined };
  const { progress, shown } = recorder();
  const lines = await followBatches(stores, progress, world.clock.now);
  expect(shown.splice(0)).toEqual([`${NAME} 2/2 2 rows to be sent now`]);

  await vi.advanceTimersByTimeAsync(3 * LOOK);
  expect(shown).toEqual([]);

  await runToEnd(world);
  const pk = { S: `ORG#${ORGANISATION}#REF#${REFERENCE}` };
  lines.wrote({ pk, sk: { S: 'BATCH' } });
  lines.wrote({ pk: { S: `ORG#${ORGANISATION}#UPSTREAM` }, sk: { S: 'LEDGER' } });
  await vi.advanceTimersByTimeAsync(LOOK);
  lines.wrote({ pk });
  await vi.advanceTimersByTimeAsync(LOOK);
  expect(shown).toEqual([
    `${NAME} COMPLETED TIME (batch ${batch.batchId}): 1 rows completed, 1 failed (ConsentRevoked 1)`,
  ]);
  lines.stop();
  expect(shown.at(-1)).toBe('stopped');
});
