import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { Idempotency } from '#lambdas/batch/idempotency.ts';
import type { BatchStore } from '#lambdas/batch/store.ts';
import { parseChunkTask } from '#lambdas/chunk/queue.sqs.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { recordsOf, reportOf, runToEnd } from '#test/world/run.ts';
import { consentId, consents, ORGANISATION, REFERENCE, rowOf, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, START } from '#test/world/unit-worlds.ts';

const HOUR = 3_600_000;
const key = (change: Partial<Idempotency> = {}): Idempotency => ({
  key: 'nightly',
  content: 'c0ffee',
  txnid: 'one',
  ...change,
});

/** The code of the ServiceError that a promise is refused with. */
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => {
      if (!(error instanceof ServiceError)) throw error;
      return `${error.kind} ${error.code} ${error.message}`;
    },
  );

describe('a batch that is accepted', () => {
  test('is there at once, READY, in the order of its rows, and its chunks are queued', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '3' });
    const { batch, replayed } = await acceptBatch(world, submissionOf(consents(8)));
    expect(replayed).toBe(false);
    expect(batch).toMatchObject({ total: 8, chunks: 3, chunkRows: 3, acceptedAt: START, error: null });
    const { status, counters, records, progress, lastUpdatedAt } = await reportOf(world);
    expect({ status, progress, lastUpdatedAt }).toEqual({ status: 'READY', progress: 0, lastUpdatedAt: START });
    expect(counters).toEqual({ READY: 8, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 0 });
    expect(records.map(({ id, consent_id }) => [id, consent_id])).toEqual(
      consents(8).map((consent, index) => [index + 1, consent]),
    );
    expect(world.sentTasks).toEqual(
      [0, 1, 2].map((chunk) => ({
        organisationId: ORGANISATION,
        referenceId: REFERENCE,
        batchId: batch.batchId,
        chunk,
        generation: 1,
      })),
    );
    expect(world.telemetry.countOf('RowsAccepted')).toBe(8);
  });

  test('sends each row with its own values over the global ones', async () => {
    const world = roomyWorld();
    world.start();
    const defaults = { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-12-31', configId: 'default' };
    const rows = [rowOf(consentId(1)), rowOf(consentId(2), { fiDataRangeTo: '2024-06-30', configId: 'own' })];
    await acceptBatch(world, { ...submissionOf([]), defaults, rows });
    await runToEnd(world);
    expect(world.finPro.callsOf(consentId(1), 'request')[0]?.request).toEqual({ consentId: consentId(1), ...defaults });
    expect(world.finPro.callsOf(consentId(2), 'request')[0]?.request).toEqual({
      consentId: consentId(2),
      fiDataRangeFrom: '2024-01-01',
      fiDataRangeTo: '2024-06-30',
      configId: 'own',
    });
    expect((await reportOf(world)).globalConfig).toEqual(defaults);
  });

  test('keeps rows that failed validation, FAILED, and never sends them', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    world.start();
    const error = { code: 'InvalidRequest', message: 'line 3: consent_id must be a GUID' };
    const rows = [
      rowOf(consentId(1)),
      rowOf('not a guid', { error }),
      rowOf('nor this', { error }),
      rowOf('this', { error }),
    ];
    await acceptBatch(world, { ...submissionOf([]), rows });
    expect((await reportOf(world)).counters).toEqual({ READY: 1, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 3 });
    await runToEnd(world);
    const records = await recordsOf(world);
    expect(records.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'FAILED', 'FAILED']);
    expect(records[1]).toMatchObject({ consent_id: 'not a guid', retry_eligible: 'YesWithModifications', error });
    expect(world.finPro.calls.every((call) => call.consentId === consentId(1))).toBe(true);
  });
});

describe('a reference that is taken', () => {
  test('is refused before anything is written', async () => {
    const world = roomyWorld();
    await acceptBatch(world, submissionOf(consents(2)));
    const before = [...world.chunks.storedKeys];
    const written: string[] = [];
    world.disturbance.fault = ({ name }) => {
      if (!/\.(read|state|states)$/.test(name)) written.push(name);
      return null;
    };
    expect(await refusalOf(acceptBatch(world.worker().ports, submissionOf(consents(3))))).toBe(
      `conflict DuplicateReferenceId reference_id '${REFERENCE}' already exists`,
    );
    expect(written).toEqual([]);
    expect(world.chunks.storedKeys).toEqual(before);
    expect(world.sentTasks).toHaveLength(1);
  });

  test('is free for another organisation', async () => {
    const world = roomyWorld();
    await acceptBatch(world, submissionOf(consents(1)));
    expect(await refusalOf(acceptBatch(world, submissionOf(consents(1), { organisationId: 'wealth' })))).toBe(
      'accepted',
    );
  });

  test('is free again when the batch has been kept for its 90 days', async () => {
    const world = roomyWorld();
    await acceptBatch(world, submissionOf(consents(1)));
    await world.clock.runUntil(START + 90 * 24 * HOUR - 1000);
    expect(await refusalOf(acceptBatch(world, submissionOf(consents(1))))).toMatch(/Duplicate/);
    await world.clock.runUntil(START + 90 * 24 * HOUR);
    expect(await refusalOf(acceptBatch(world, submissionOf(consents(2))))).toBe('accepted');
    expect((await reportOf(world)).counters.READY).toBe(2);
  });

  test('is won by one of a hundred that ask at once; the others leave nothing behind', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => refusalOf(acceptBatch(world, submissionOf(consents(3))))),
    );
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes('DuplicateReferenceId'))).toHaveLength(99);
    expect(world.chunks.storedKeys).toHaveLength(4);
    expect(world.sentTasks).toHaveLength(2);
    expect((await reportOf(world)).counters.READY).toBe(3);
  });
});

describe('an answer that was lost', () => {
  test('is given again to the same key and content, within 24 h', async () => {
    const world = roomyWorld();
    const submission = submissionOf(consents(2), { idempotency: key() });
    const first = await acceptBatch(world, submission);
    await world.clock.runUntil(START + 24 * HOUR - 1);
    const again = await acceptBatch(world, { ...submission, idempotency: key({ txnid: 'two' }) });
    expect(again.replayed).toBe(true);
    expect(again.batch).toEqual(first.batch);
    expect(world.sentTasks).toHaveLength(1);
    await world.clock.runUntil(START + 24 * HOUR);
    expect(await refusalOf(acceptBatch(world, submission))).toMatch(/DuplicateReferenceId/);
  });

  test.each<[string, Idempotency | null, Idempotency | null]>([
    ['another content', key(), key({ content: 'decaf' })],
    ['another key', key(), key({ key: 'hourly' })],
    ['no key', key(), null],
    ['a key where there was none', null, key()],
    ['no key at all', null, null],
  ])('is not given to %s', async (_, first, second) => {
    const world = roomyWorld();
    await acceptBatch(world, submissionOf(consents(1), { idempotency: first }));
    expect(await refusalOf(acceptBatch(world, submissionOf(consents(1), { idempotency: second })))).toMatch(
      /Duplicate/,
    );
  });

  test('is given to those who lose the race with the same key and content', async () => {
    const world = roomyWorld();
    const submission = submissionOf(consents(2), { idempotency: key() });
    const answers = await Promise.all(Array.from({ length: 5 }, () => acceptBatch(world, submission)));
    expect(new Set(answers.map(({ batch }) => batch.batchId)).size).toBe(1);
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(4);
    expect(world.chunks.storedKeys).toHaveLength(2);
  });

  test('by the store itself, which repeats the write and finds its own, is an acceptance all the same', async () => {
    // The SDK repeats a write whose answer it lost; the condition then meets what the first one wrote.
    const world = roomyWorld();
    const apply: BatchStore['apply'] = async (key, change) => {
      await world.batches.apply(key, change);
      return world.batches.apply(key, change);
    };
    world.start();
    const work = acceptBatch({ ...world, batches: { ...world.batches, apply } }, submissionOf(consents(2)));
    expect(await refusalOf(work)).toBe('accepted');
    expect(world.sentTasks).toHaveLength(1);
    await runToEnd(world);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 2 });
  });
});

describe('a crash of the function that accepts', () => {
  /** Every call that acceptance makes, struck in turn. */
  const CALLS = ['batches.read', 'chunks.create', 'batches.accept', 'queue.send'];
  const cases = CALLS.flatMap((call) =>
    (['dies-before', 'dies-after', 'fails-before', 'fails-after'] as const).map((how) => [call, how] as const),
  );

  test.each(cases)('%s, %s: all of the batch is processed, or none of it is there', async (call, how) => {
    const world = roomyWorld({ CHUNK_ROWS: '2' });
    world.start();
    world.disturbance.fault = ({ worker, name }) => (worker === 'accepting' && name === call ? how : null);
    const accepting = world.worker('accepting');
    const answer = await Promise.race([acceptBatch(accepting.ports, submissionOf(consents(5))), accepting.death]).catch(
      () => null,
    );
    const isAccepted = world.batches.stored({ organisationId: ORGANISATION, referenceId: REFERENCE }) !== null;
    expect(isAccepted).toBe(call === 'queue.send' || (call === 'batches.accept' && how.endsWith('after')));
    if (answer) expect(isAccepted).toBe(true);
    if (!isAccepted) {
      expect(await refusalOf(acceptBatch(world, submissionOf(consents(5))))).toBe('accepted');
    }
    await runToEnd(world, START + HOUR);
    const { counters, records } = await reportOf(world);
    expect(counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: 5, FAILED: 0 });
    expect(records.every(({ consent_id }) => world.finPro.callsOf(consent_id, 'request').length === 1)).toBe(true);
  });
});

describe('tasks that the queue refuses', () => {
  test('are found by recovery: the batch is accepted and processed', async () => {
    const world = roomyWorld({ CHUNK_ROWS: '1' });
    world.start();
    world.disturbance.refuses = (body) => {
      const { chunk, generation } = parseChunkTask(JSON.parse(body));
      return chunk % 2 === 1 && generation === 1;
    };
    await acceptBatch(world, submissionOf(consents(4)));
    expect(world.telemetry.countOf('TaskUnsent')).toBe(2);
    expect(world.sentTasks).toHaveLength(2);
    await runToEnd(world, START + HOUR);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 4 });
    expect(world.telemetry.countOf('ChunkRecovered')).toBe(2);
  });
});
