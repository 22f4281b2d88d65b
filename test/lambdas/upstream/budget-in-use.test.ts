import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { type AdvanceLimits, advanceChunk } from '#lambdas/chunk/advance.ts';
import { readyAfter, TOO_MANY } from '#test/world/consent-behaviour.ts';
import { reportOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, consents, ORGANISATION, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START, takeTokens, taskOf } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const limitsAt = (now: number, callsFor = 100_000): AdvanceLimits => ({
  callsEndAt: now + callsFor,
  functionEndsAt: now + 120_000,
});

describe('the budget', () => {
  test('is kept, window by window, by many chunks at once', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100', CHUNK_ROWS: '25' });
    world.finPro.latency = () => 200;
    for (const [index, consent] of consents(250).entries()) {
      world.finPro.behave(consent, { session: readyAfter(3 + (index % 50)) });
    }
    await runBatch(world, submissionOf(consents(250)));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 250 });
    expect(world.finPro.overLimit).toEqual([]);
    const perWindow = Map.groupBy(world.finPro.calls, ({ at }) => Math.floor(at / MINUTE));
    expect(Math.max(...[...perWindow.values()].map(({ length }) => length))).toBeLessThanOrEqual(97);
  });

  test('is waited for in the loop, by a chunk that holds its reservation', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100', CHUNK_ROWS: '90' });
    const { batch } = await acceptBatch(world, submissionOf(consents(180)));
    expect(await advanceChunk(world, taskOf(batch, 0), limitsAt(START))).toMatchObject({ done: false });
    await world.clock.runUntil(START + 2_000);
    await advanceChunk(world, taskOf(batch, 0), limitsAt(START + 2_000));
    const waiting = await advanceChunk(world, taskOf(batch, 1), limitsAt(START + 2_000));
    // The window begins by our clock 2 s after it begins by theirs.
    expect(waiting).toEqual({ done: false, resumeAt: START + MINUTE + 2_000 });
    const state = await world.chunks.state(taskOf(batch, 1));
    expect(state).toMatchObject({
      dueAt: START + MINUTE + 2_000,
      reservation: { startsAt: START + MINUTE, tokens: 90 },
    });
    const before = state?.version;
    await advanceChunk(world, taskOf(batch, 1), limitsAt(START + 3_000));
    expect((await world.chunks.state(taskOf(batch, 1)))?.version).toBe(before);
  });

  test('of which a 429 takes the rest: the chunk waits for the next window, and no row fails', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100' });
    // Somebody else uses the same credentials.
    world.finPro.refuses = ({ at }) =>
      at < START + 10 * MINUTE && world.finPro.calls.length % 7 === 3 ? TOO_MANY : null;
    world.finPro.latency = () => 10;
    await runBatch(world, submissionOf(consents(120)));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 120, FAILED: 0 });
    expect(world.finPro.overLimit).toEqual([]);
  });

  test('that is small is enough: one call at a time, if need be', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '10' });
    await runBatch(world, submissionOf(consents(30)));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 30 });
    expect(world.finPro.overLimit).toEqual([]);
  });

  test('is looked at with the credentials at hand: reading them takes no call into the next window', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100', CHUNK_ROWS: '90' });
    world.finPro.credentialsTime = () => 6_000;
    const { batch } = await acceptBatch(world, submissionOf(consents(90)));
    const lateInWindow = START + MINUTE - 6_000;
    await world.clock.runUntil(lateInWindow);
    const advance = advanceChunk(world.worker().ports, taskOf(batch), limitsAt(lateInWindow));
    // The next window is another worker's.
    await world.clock.runUntil(START + MINUTE - 1);
    await takeTokens(world, 97, 1);
    await world.clock.runUntil(START + MINUTE + 100);
    for (let call = 0; call < 97; call += 1) world.finPro.callElsewhere(ORGANISATION, 'request');
    await world.clock.runUntil(START + 2 * MINUTE - 1);
    expect(world.finPro.overLimit).toEqual([]);
    expect(await advance).toMatchObject({ done: false });
  });

  test('of an organisation is its own', async () => {
    const world = ratedWorld({ UPSTREAM_LIMIT: '100' });
    world.start();
    await acceptBatch(world, submissionOf(consents(500)));
    await world.clock.runUntil(START + 10_000);
    await acceptBatch(world, submissionOf([consentId(9001)], { organisationId: 'wealth' }));
    await runToEnd(world, START + 2 * MINUTE, { organisationId: 'wealth', referenceId: 'portfolio-2026-11' });
    expect(world.batches.closedAt({ organisationId: 'wealth', referenceId: 'portfolio-2026-11' })).toBeLessThanOrEqual(
      START + MINUTE,
    );
  });
});
