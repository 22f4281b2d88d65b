import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { BatchStore } from '#lambdas/batch/store.ts';
import { parseChunkTask } from '#lambdas/chunk/queue.sqs.ts';
import { recoverBatches } from '#lambdas/chunk/recover.ts';
import { fails, LOST, NEVER_READY, OPENS_UNHEARD, UNAUTHORIZED } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runToEnd } from '#test/world/run.ts';
import { consentId, consents, ORGANISATION, REFERENCE, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START, taskOf, type UnitWorld } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REF = { organisationId: ORGANISATION, referenceId: REFERENCE };

const generationsSent = (world: UnitWorld): [number, number][] =>
  world.sentTasks.map(({ chunk, generation }) => [chunk, generation]);

const generationOf = (body: string): number => parseChunkTask(JSON.parse(body)).generation;

describe('a chunk that stands still', () => {
  test('is queued again under the next generation when it is overdue by more than the grace', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    const { batch } = await acceptBatch(world, submissionOf(consents(2)));
    await world.clock.runUntil(START + 2 * MINUTE);
    await recoverBatches(world);
    expect(generationsSent(world)).toHaveLength(2);
    await world.clock.runUntil(START + 2 * MINUTE + 1);
    await recoverBatches(world);
    expect(generationsSent(world).slice(2)).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(await world.chunks.state(taskOf(batch))).toMatchObject({ generation: 2, dueAt: world.clock.now() });
    await recoverBatches(world);
    expect(generationsSent(world)).toHaveLength(4);
  });

  test('is left alone while somebody has leased it', async () => {
    const world = roomyWorld();
    const { batch } = await acceptBatch(world, submissionOf(consents(1)));
    const state = await world.chunks.state(taskOf(batch));
    if (!state) throw new Error('no chunk');
    await world.chunks.saveState({ ...state, version: 2, leasedUntil: START + HOUR });
    await world.clock.runUntil(START + HOUR - 1);
    await recoverBatches(world);
    expect(world.sentTasks).toHaveLength(1);
    await world.clock.runUntil(START + HOUR);
    await recoverBatches(world);
    expect(world.sentTasks).toHaveLength(2);
  });

  test('and whose advances begin and get nowhere is given up after the sixth generation, FAILED, Yes', async () => {
    const world = roomyWorld();
    world.start();
    world.disturbance.fault = ({ name }) => (name === 'chunks.input' ? 'fails-before' : null);
    await acceptBatch(world, submissionOf(consents(3)));
    await world.clock.runUntil(START + 6 * HOUR);
    world.disturbance.fault = () => null;
    expect(generationsSent(world).map(([, generation]) => generation)).toEqual([1, 2, 3, 4, 5, 6]);
    const records = await recordsOf(world);
    for (const record of records) {
      expect(record).toMatchObject({
        status: 'FAILED',
        retry_eligible: 'Yes',
        error: { code: 'ProcessingFailed', message: expect.stringContaining('submit the row again') },
      });
    }
    expect(world.finPro.calls).toEqual([]);
    expect(world.batches.closedAt(REF)).not.toBeNull();
    expect(world.telemetry.countOf('ChunkGivenUp')).toBe(1);
  });

  test('through no fault of its own, since no worker is there for hours, goes on when they are back', async () => {
    const world = roomyWorld();
    world.start();
    // A bad deployment, or no concurrency left: messages come again and again, and no function runs.
    const backAt = START + 12 * HOUR;
    world.disturbance.deliveries = () => (world.clock.now() < backAt ? [] : [0]);
    await acceptBatch(world, submissionOf(consents(3)));
    await runToEnd(world, START + 20 * HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 3 });
    // The grace doubles up to 32 minutes: no storm of writes.
    expect(world.sentTasks.length).toBeLessThan(30);
  });

  test('while others move is given up, FAILED, Yes', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    world.start();
    world.disturbance.deliveries = (_, body) => (parseChunkTask(JSON.parse(body)).chunk === 0 ? [] : [0]);
    world.finPro.behave(consentId(2), { session: NEVER_READY });
    const advance = async () => {
      const state = await world.chunks.state(taskOf(batch, 1));
      if (state) await world.chunks.saveState({ ...state, version: state.version + 1, movedAt: world.clock.now() });
    };
    const { batch } = await acceptBatch(world, submissionOf(consents(2)));
    for (let minute = 0; minute < 120; minute += 1) {
      await world.clock.runUntil(START + minute * MINUTE);
      await advance();
    }
    await runToEnd(world, START + 6 * HOUR);
    const [record] = await recordsOf(world);
    expect(record).toMatchObject({ status: 'FAILED', error: { code: 'ProcessingFailed' } });
    expect(world.telemetry.countOf('ChunkGivenUp')).toBe(1);
  });

  test('goes on where it was when a later message arrives', async () => {
    const world = roomyWorld();
    world.start();
    world.disturbance.deliveries = (_, body) => (generationOf(body) < 3 ? [] : [0]);
    await acceptBatch(world, submissionOf(consents(3)));
    await runToEnd(world, START + HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 3 });
    expect(world.finPro.calls.filter(({ kind }) => kind === 'request')).toHaveLength(3);
  });

  test('is recovered when its execution has died', async () => {
    const world = roomyWorld({ BALANCES: 'off' });
    let isDown = false;
    world.disturbance.fault = ({ name }) => (isDown && name === 'chunks.state' ? 'fails-before' : null);
    world.start();
    world.finPro.behave(consentId(1), { session: { after: 20_000, eventStatus: 'DATA_READY', accounts: [] } });
    await acceptBatch(world, submissionOf(consents(1)));
    await world.clock.runUntil(START + 16_000);
    isDown = true;
    await world.clock.runUntil(START + 3 * MINUTE);
    isDown = false;
    expect(world.workflow.failed).toHaveLength(1);
    await runToEnd(world, START + HOUR);
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED' });
    expect(world.finPro.callsOf(consentId(1), 'request')).toHaveLength(1);
  });

  test('is not advanced by an older generation any more', async () => {
    const world = roomyWorld();
    world.disturbance.deliveries = (_, body) => (generationOf(body) === 1 ? [10 * MINUTE] : [0]);
    world.start();
    world.finPro.behave(consentId(1), { session: NEVER_READY });
    await acceptBatch(world, submissionOf(consents(1)));
    await runToEnd(world, START + HOUR);
    expect(world.workflow.started.map((name) => name.split('-').at(-1))).toEqual(['2']);
    expect(world.finPro.callsOf(consentId(1), 'request')).toHaveLength(1);
    expect(world.finPro.callsOf(consentId(1), 'status-by-session')).toHaveLength(6);
  });

  test('two recoveries at once queue it once', async () => {
    const world = roomyWorld();
    await acceptBatch(world, submissionOf(consents(1)));
    await world.clock.runUntil(START + HOUR);
    await Promise.all([recoverBatches(world), recoverBatches(world), recoverBatches(world)]);
    expect(generationsSent(world)).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });
});

describe('the deadline of a batch', () => {
  test('ends what cannot be processed, FAILED, Yes, and says where an FI request may have been', async () => {
    const world = ratedWorld({ BATCH_DEADLINE_SECONDS: '7200' });
    world.finPro.refuses = () => UNAUTHORIZED;
    world.start();
    await acceptBatch(world, submissionOf(consents(2)));
    await runToEnd(world, START + 4 * HOUR);
    const records = await recordsOf(world);
    expect(records.map(({ status, retry_eligible, error }) => [status, retry_eligible, error?.code])).toEqual([
      ['FAILED', 'Yes', 'ProcessingFailed'],
      ['FAILED', 'Yes', 'ProcessingFailed'],
    ]);
    const closedAt = world.batches.closedAt(REF) ?? 0;
    expect(closedAt).toBeGreaterThanOrEqual(START + 2 * HOUR);
    expect(closedAt).toBeLessThanOrEqual(START + 2 * HOUR + 3 * MINUTE);
    expect(world.finPro.calls.length).toBeLessThanOrEqual(25 + 120);
  });

  test('tells those whose FI request may have been processed to look it up', async () => {
    const world = roomyWorld({ BATCH_DEADLINE_SECONDS: '3600' });
    const [lost, waiting] = [consentId(1), consentId(2)];
    world.finPro.behave(lost, { requests: [OPENS_UNHEARD], statusFailures: Array(1000).fill(LOST) });
    world.finPro.behave(waiting, { statusFailures: Array(1000).fill(LOST) });
    world.start();
    await acceptBatch(world, submissionOf([lost, waiting]));
    await runToEnd(world, START + 2 * HOUR);
    const records = await recordsOf(world);
    expect(records[0]).toMatchObject({
      status: 'FAILED',
      session_id: null,
      error: { message: expect.stringContaining('FI Request Status') },
    });
    expect(records[1]).toMatchObject({ status: 'FAILED', session_id: world.finPro.sessionsOf(waiting)[0] });
    expect(records[1]?.error?.message).not.toContain('FI Request Status');
  });

  test('fails no row whose data is there', async () => {
    const world = roomyWorld({ BATCH_DEADLINE_SECONDS: '3600' });
    const [first] = consents(1);
    if (!first) throw new Error('no consent');
    const { batch } = await acceptBatch(world, submissionOf([first]));
    const state = await world.chunks.state(taskOf(batch));
    if (!state) throw new Error('no chunk');
    await world.chunks.saveState({
      ...state,
      version: 2,
      rows: state.rows.map((row) => ({ ...row, phase: 'fetchingBalances' })),
    });
    await world.clock.runUntil(START + HOUR);
    await recoverBatches(world);
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED', error: null, retry_eligible: null });
  });
});

describe('a batch whose closing write was lost', () => {
  test.each(['fails-before', 'dies-before', 'dies-after'] as const)('%s: is closed by recovery', async (how) => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    let strikes = 2;
    world.disturbance.fault = ({ name }) => {
      if (name !== 'batches.finish-chunk' || strikes === 0) return null;
      strikes -= 1;
      return how;
    };
    world.start();
    await acceptBatch(world, submissionOf(consents(3)));
    await runToEnd(world, START + HOUR);
    expect(world.batches.closedAt(REF)).not.toBeNull();
    expect(await world.openBatches.list()).toEqual([]);
    expect(world.batches.stored(REF)?.batch.finishedChunks).toEqual(new Set([0, 1, 2]));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 3 });
  });

  test('though all its chunks were told is closed by recovery', async () => {
    const world = roomyWorld();
    world.start();
    await acceptBatch(world, submissionOf(consents(1)));
    await runToEnd(world);
    let finished = 0;
    // The second of the two writes that close a batch was lost: its chunks are all there, and it still lies in the index.
    const stillOpen = { list: async () => [REF] };
    const batches: BatchStore = {
      ...world.batches,
      apply: async (key, change) => {
        if (change.kind === 'finish-chunk') finished += 1;
        return world.batches.apply(key, change);
      },
    };
    await recoverBatches({ ...world, batches, openBatches: stillOpen });
    expect(finished).toBe(1);
  });
});

describe('recovery', () => {
  test('heals the other batches when one cannot be read', async () => {
    const world = roomyWorld();
    const names = ['first', 'second', 'third'].map((name) => `${name}-batch`);
    for (const referenceId of names) await acceptBatch(world, submissionOf(consents(1), { referenceId }));
    await world.clock.runUntil(START + HOUR);
    let reads = 0;
    world.disturbance.fault = ({ name }) => {
      if (name !== 'chunks.states') return null;
      reads += 1;
      return reads === 2 ? 'fails-before' : null;
    };
    await recoverBatches(world.worker().ports);
    expect(world.sentTasks.slice(3).map(({ referenceId }) => referenceId)).toEqual(['first-batch', 'third-batch']);
    expect(world.telemetry.notes).toHaveLength(1);
  });

  test('does not touch a batch that waits for its time', async () => {
    const world = roomyWorld();
    world.start();
    world.finPro.behave(consentId(1), { requests: [fails(LOST)] });
    await acceptBatch(world, submissionOf(consents(1)));
    await runToEnd(world);
    expect(world.telemetry.countOf('ChunkRecovered')).toBe(0);
  });

  test('passes over a batch that is gone', async () => {
    const world = roomyWorld();
    await recoverBatches({ ...world, openBatches: { list: async () => [REF] } });
    expect(world.sentTasks).toEqual([]);
  });
});
