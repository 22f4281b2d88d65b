import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { parseChunkTask } from '#lambdas/chunk/queue.sqs.ts';
import { hasOpenIntent } from '#lambdas/chunk/row.ts';
import { fails, LOST, NEVER_READY, OPENS, OPENS_UNHEARD, UNREACHABLE } from '#test/world/consent-behaviour.ts';
import { recordsOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, rowOf, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, type UnitWorld } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);
const OTHER = consentId(2);

/** Watches every write of a state: the most rows with the consent that had an open intent at once. Rows are those of the batch. */
function watchIntents(world: UnitWorld, rowsOfConsent: readonly number[]): () => number {
  const { chunkRows } = world.settings;
  const open = new Map<number, boolean>();
  let most = 0;
  world.storage.chunks.onState = ({ key, rows }) => {
    for (const [index, row] of rows.entries()) open.set(key.chunk * chunkRows + index, hasOpenIntent(row));
    most = Math.max(most, rowsOfConsent.filter((row) => open.get(row)).length);
  };
  return () => most;
}

/** The rows of one consent, over chunks of two. */
const LAYOUTS: readonly [string, readonly string[]][] = [
  ['in one chunk', [CONSENT, CONSENT]],
  ['in two chunks', [CONSENT, OTHER, CONSENT]],
  ['in three chunks, spelled differently', [CONSENT, OTHER, CONSENT.toUpperCase(), OTHER, CONSENT]],
  ['all over', [CONSENT, CONSENT, CONSENT, CONSENT, CONSENT]],
];
const rowsOf = (layout: readonly string[]): number[] =>
  layout.flatMap((consent, index) => (consent.toLowerCase() === CONSENT ? [index] : []));

describe('a consent that stands in a batch more than once', () => {
  test.each(LAYOUTS)(
    '%s: each row has a session of its own, and no two have an open intent at once',
    async (_, layout) => {
      const world = roomyWorld({ CHUNK_ROWS: '2' });
      world.finPro.latency = () => 50;
      const most = watchIntents(world, rowsOf(layout));
      await runBatch(world, submissionOf(layout));
      const records = await recordsOf(world);
      expect(records.every(({ status }) => status === 'COMPLETED')).toBe(true);
      expect(new Set(records.map(({ session_id }) => session_id)).size).toBe(layout.length);
      expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(rowsOf(layout).length);
      expect(most()).toBe(1);
    },
  );

  test.each(LAYOUTS)('%s, the first answer lost: found again, and nobody sends twice', async (_, layout) => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    world.finPro.latency = () => 50;
    world.finPro.behave(CONSENT, { requests: [OPENS_UNHEARD, OPENS] });
    const most = watchIntents(world, rowsOf(layout));
    await runBatch(world, submissionOf(layout));
    const records = await recordsOf(world);
    expect(new Set(records.map(({ session_id }) => session_id)).size).toBe(layout.length);
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(rowsOf(layout).length);
    expect(most()).toBe(1);
  });

  test.each(LAYOUTS)('%s, every answer lost: found again, and nobody sends twice', async (_, layout) => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    world.finPro.behave(CONSENT, { requests: [OPENS_UNHEARD] });
    const most = watchIntents(world, rowsOf(layout));
    await runBatch(world, submissionOf(layout));
    expect(new Set((await recordsOf(world)).map(({ session_id }) => session_id)).size).toBe(layout.length);
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(rowsOf(layout).length);
    expect(most()).toBe(1);
  });

  test('does not take the session of an earlier row for its own', async () => {
    const world = roomyWorld();
    world.finPro.behave(CONSENT, { requests: [OPENS, fails(LOST), OPENS], session: NEVER_READY });
    await runBatch(world, submissionOf([CONSENT, CONSENT]));
    const sessions = world.finPro.sessionsOf(CONSENT);
    expect(sessions).toHaveLength(2);
    expect((await recordsOf(world)).map(({ session_id }) => session_id)).toEqual(sessions);
  });

  test('waits while the one before it waits for its next attempt', async () => {
    const world = roomyWorld();
    world.finPro.behave(CONSENT, { requests: [fails(UNREACHABLE), fails(UNREACHABLE), OPENS] });
    const most = watchIntents(world, [0, 1]);
    await runBatch(world, submissionOf([CONSENT, CONSENT]));
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(4);
    expect((await recordsOf(world)).map(({ session_id }) => session_id)).toEqual(world.finPro.sessionsOf(CONSENT));
    expect(most()).toBe(1);
  });

  test('goes on when the one before it has failed', async () => {
    const world = roomyWorld();
    world.finPro.behave(CONSENT, {
      requests: [...([fails(UNREACHABLE), ...Array(3).fill(fails(UNREACHABLE))] as const), OPENS],
    });
    await runBatch(world, submissionOf([CONSENT, CONSENT]));
    expect((await recordsOf(world)).map(({ status }) => status)).toEqual(['FAILED', 'COMPLETED']);
  });

  test('waits for the row before the one that failed validation', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    world.finPro.behave(CONSENT, { requests: [fails(LOST), OPENS] });
    const error = { code: 'InvalidDateRange', message: 'line 2: fiDataRangeFrom is after fiDataRangeTo' };
    const most = watchIntents(world, [0, 2]);
    world.start();
    await acceptBatch(world, {
      ...submissionOf([]),
      rows: [rowOf(CONSENT), rowOf(CONSENT, { error }), rowOf(CONSENT)],
    });
    await runToEnd(world);
    const records = await recordsOf(world);
    expect(records.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'COMPLETED']);
    expect(records[0]?.session_id).not.toBe(records[2]?.session_id);
    expect(most()).toBe(1);
  });

  // Seed 6643 of the fault simulation found it.
  test('waits for the row before one that was given up without having been sent', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    const backAt = world.clock.now() + 6 * 3_600_000;
    world.finPro.behave(CONSENT, { requests: [fails(LOST), OPENS] });
    world.finPro.refuses = ({ kind, at }) => (kind !== 'request' && at < backAt ? UNREACHABLE : null);
    world.disturbance.deliveries = (_, body) => (parseChunkTask(JSON.parse(body)).chunk === 1 ? [] : [0]);
    const most = watchIntents(world, [0, 2]);
    await runBatch(world, submissionOf([CONSENT, CONSENT, CONSENT]));
    expect((await recordsOf(world)).map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'COMPLETED']);
    expect(most()).toBe(1);
  });
});

describe('a crash while duplicates are sent', () => {
  const HOWS = ['dies-before', 'dies-after'] as const;
  /** The n-th FI request of the world kills the worker. */
  const cases = LAYOUTS.flatMap(([name, layout]) =>
    [1, 2].flatMap((nth) => HOWS.map((how) => [name, nth, how, layout] as const)),
  );

  test.each(cases)('%s, at FI request %i, %s: each row has a session of its own', async (_, nth, how, layout) => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    let requests = 0;
    world.disturbance.fault = ({ name }) => {
      if (name !== 'finPro.requestFi') return null;
      requests += 1;
      return requests === nth ? how : null;
    };
    const most = watchIntents(world, rowsOf(layout));
    await runBatch(world, submissionOf(layout));
    const records = await recordsOf(world);
    expect(records.map(({ status }) => status)).toEqual(layout.map(() => 'COMPLETED'));
    expect(new Set(records.map(({ session_id }) => session_id)).size).toBe(layout.length);
    expect(world.finPro.sessionsOf(CONSENT)).toHaveLength(rowsOf(layout).length);
    expect(most()).toBe(1);
  });
});
