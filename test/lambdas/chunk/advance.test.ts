import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { type AdvanceLimits, advanceChunk } from '#lambdas/chunk/advance.ts';
import { ConflictError } from '#lambdas/platform/errors.ts';
import { mustExist } from '#test/world/builders.ts';
import { OPENS_UNHEARD } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, consents, ORGANISATION, REFERENCE, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START, taskOf, type UnitWorld } from '#test/world/unit-worlds.ts';

const BATCH = { organisationId: ORGANISATION, referenceId: REFERENCE };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const limitsAt = (now: number, callsFor = 100_000): AdvanceLimits => ({
  callsEndAt: now + callsFor,
  functionEndsAt: now + 120_000,
});

async function accepted(world: UnitWorld, count: number, change = {}) {
  const { batch } = await acceptBatch(world, submissionOf(consents(count), change));
  return taskOf(batch);
}

describe('an advance', () => {
  test('of a chunk that is not there is done', async () => {
    const world = roomyWorld();
    const task = taskOf({ organisationId: 'a', referenceId: 'b', batchId: 'c' });
    expect(await advanceChunk(world, task, limitsAt(START))).toEqual({ done: true });
  });

  test('of an older generation ends at once', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 1);
    const state = await world.chunks.state(task);
    if (!state) throw new Error('no chunk');
    await world.chunks.saveState({ ...state, version: 2, generation: 2 });
    expect(await advanceChunk(world, task, limitsAt(START))).toEqual({ done: true });
    expect(world.finPro.calls).toEqual([]);
  });

  test('of a finished chunk repeats its closing, and no more', async () => {
    const world = roomyWorld();
    await runBatch(world, submissionOf(consents(1)));
    const { batch } = mustExist(world.batches.stored(BATCH));
    const before = world.finPro.calls.length;
    expect(await advanceChunk(world, taskOf(batch), limitsAt(START))).toEqual({ done: true });
    expect(world.finPro.calls).toHaveLength(before);
    expect(world.batches.stored(BATCH)?.batch.finishedChunks).toEqual(new Set([0]));
  });

  test('of a leased chunk waits for the lease to end', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 1);
    const state = await world.chunks.state(task);
    if (!state) throw new Error('no chunk');
    await world.chunks.saveState({ ...state, version: 2, leasedUntil: START + 5_000 });
    // And a little later: this clock may be behind the one that wakes it.
    const resumeAt = START + 5_000 + world.settings.clockSkew;
    expect(await advanceChunk(world, task, limitsAt(START))).toEqual({ done: false, resumeAt });
    expect(world.finPro.calls).toEqual([]);
  });

  test('records the intent of every FI request before it sends it', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 3);
    const phases: string[][] = [];
    world.finPro.latency = () => 100;
    const work = advanceChunk(world, task, limitsAt(START));
    await world.clock.runUntil(START + 50);
    phases.push(((await world.chunks.state(task))?.rows ?? []).map(({ phase }) => phase));
    expect(world.finPro.calls).toHaveLength(3);
    await world.clock.finish(work);
    phases.push(((await world.chunks.state(task))?.rows ?? []).map(({ phase }) => phase));
    expect(phases).toEqual([Array(3).fill('requesting'), Array(3).fill('polling')]);
  });

  test('says when the first of its rows is due again', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 3);
    world.finPro.behave(consentId(2), { requests: [OPENS_UNHEARD] });
    expect(await advanceChunk(world, task, limitsAt(START))).toEqual({ done: false, resumeAt: START + 5_000 });
    expect(await world.chunks.state(task)).toMatchObject({ dueAt: START + 5_000, leasedUntil: null });
  });

  test('too early does nothing, and writes nothing', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 1);
    await advanceChunk(world, task, limitsAt(START));
    const before = await world.chunks.state(task);
    // And a little later: this clock may be behind the one that wakes it.
    const resumeAt = START + 5_000 + world.settings.clockSkew;
    expect(await advanceChunk(world, task, limitsAt(START))).toEqual({ done: false, resumeAt });
    expect(await world.chunks.state(task)).toEqual(before);
    expect(world.finPro.calls).toHaveLength(1);
  });

  test('has 25 calls under way at the most', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 100);
    world.finPro.latency = () => 1_000;
    const work = advanceChunk(world, task, limitsAt(START));
    await world.clock.runUntil(START + 999);
    expect(world.finPro.calls).toHaveLength(25);
    await world.clock.finish(work);
    expect(world.finPro.calls).toHaveLength(100);
    expect(world.clock.now()).toBe(START + 4_000);
  });

  test('starts no call when its time for calls is over, and the rest is due at once', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 100);
    world.finPro.latency = () => 1_000;
    const advance = await world.clock.finish(advanceChunk(world, task, limitsAt(START, 2_000)));
    expect(world.finPro.calls.every(({ at }) => at < START + 2_000)).toBe(true);
    expect(world.finPro.calls).toHaveLength(50);
    expect(advance).toEqual({ done: false, resumeAt: world.clock.now() });
    expect((await reportOf(world)).counters).toMatchObject({ READY: 50, IN_PROGRESS: 50 });
  });

  test('whose results meet another’s write fails and loses nothing', async () => {
    const world = roomyWorld();
    const task = await accepted(world, 1);
    world.finPro.latency = () => 1_000;
    const work = advanceChunk(world, task, limitsAt(START));
    await world.clock.runUntil(START + 500);
    const state = await world.chunks.state(task);
    if (!state) throw new Error('no chunk');
    await world.chunks.saveState({ ...state, version: state.version + 1 });
    await expect(world.clock.finish(work)).rejects.toThrow(ConflictError);
    world.start();
    await world.queue.send([task]);
    await runToEnd(world, START + HOUR);
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED' });
    expect(world.finPro.callsOf(consentId(1), 'request')).toHaveLength(1);
    // The session was stored before the state: nothing had to be looked up.
    expect(world.finPro.callsOf(consentId(1), 'status-by-consent')).toHaveLength(0);
  });
});

describe('messages delivered more than once', () => {
  test.each([
    ['twice at once', [0, 0]],
    ['three times at once', [0, 0, 0]],
    ['again while the first is at work', [0, 100, 900]],
    ['again much later', [0, 40_000, 3_000_000]],
    ['late', [90_000, 90_000]],
  ])('%s: one FI request a row, and counters that add up', async (_, deliveries) => {
    const world = roomyWorld({ CHUNK_ROWS: '4' });
    world.finPro.latency = () => 300;
    world.disturbance.deliveries = () => deliveries;
    await runBatch(world, submissionOf(consents(10)));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 10 });
    expect(consents(10).every((consent) => world.finPro.callsOf(consent, 'request').length === 1)).toBe(true);
  });

  test('at once, with a reservation held for a later window, do not free the tokens that the winner uses', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100', CHUNK_ROWS: '60', BALANCES: 'off' });
    const { batch } = await acceptBatch(world, submissionOf(consents(180)));
    for (const chunk of [0, 1, 2]) {
      await world.clock.finish(advanceChunk(world, taskOf(batch, chunk), limitsAt(START)));
    }
    const held = (await world.chunks.state(taskOf(batch, 2)))?.reservation;
    if (!held) throw new Error('chunk 2 holds no reservation');
    await world.clock.runUntil(held.startsAt + 2_000);
    world.finPro.latency = () => 500;
    const now = world.clock.now();
    const both = Promise.all([1, 2].map(() => advanceChunk(world, taskOf(batch, 2), limitsAt(now))));
    await world.clock.runUntil(now + 100);
    const made = world.finPro.calls.filter(({ at }) => at >= held.startsAt).length;
    expect(made).toBeGreaterThan(0);
    expect(world.ledgers.of(ORGANISATION).taken.get(held.window)).toBeGreaterThanOrEqual(made);
    await world.clock.finish(both);
  });
});
