import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import { LOST, readyAfter, UNREACHABLE } from '#test/world/consent-behaviour.ts';
import { reportOf, runToEnd } from '#test/world/run.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OUTAGE = 30 * MINUTE;
/** Of the upstream's 1,000 calls a minute, those that are full speed. */
const FULL_SPEED = 850;

/** Plays a batch whose upstream goes away for half an hour, `after` milliseconds after its acceptance. */
async function playThrough(rows: number, after: number, failure: UpstreamFailure) {
  const world = ratedWorld({ BALANCES: 'off' });
  const wentAt = START + after;
  const healedAt = wentAt + OUTAGE;
  world.finPro.latency = () => 50;
  world.finPro.refuses = ({ at }) => (at >= wentAt && at < healedAt ? failure : null);
  const batch = consents(rows);
  for (const [index, consent] of batch.entries())
    world.finPro.behave(consent, { session: readyAfter(2 + (index % 97)) });
  world.start();
  await acceptBatch(world, submissionOf(batch));
  await runToEnd(world, healedAt + 3 * HOUR);
  const { counters } = await reportOf(world);
  const { calls } = world.finPro;
  const within = (from: number, until: number) => calls.filter(({ at }) => at >= from && at < until).length;
  // The second full rate window begins within two minutes.
  const fullFrom = Math.ceil(healedAt / MINUTE) * MINUTE + MINUTE;
  return {
    world,
    batch,
    counters,
    beforeOutage: within(START, wentAt),
    onceOpen: within(wentAt + 2 * MINUTE, healedAt),
    atFullSpeed: within(fullFrom, fullFrom + MINUTE),
  };
}

describe('an upstream that is away for half an hour', () => {
  test('in the middle of 10,000 rows fails none of them, and is called at full speed within two minutes after', async () => {
    const { world, batch, counters, beforeOutage, onceOpen, atFullSpeed } = await playThrough(
      10_000,
      4 * MINUTE + 20_000,
      UNREACHABLE,
    );
    expect(beforeOutage).toBeGreaterThan(FULL_SPEED);
    expect(counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: 10_000, FAILED: 0 });
    const opened = world.finPro.calls.filter((call) => call.opened !== null);
    expect(opened).toHaveLength(batch.length);
    expect(new Set(opened.map(({ consentId }) => consentId)).size).toBe(batch.length);
    // One call a minute finds out whether the upstream is back; and all in all hardly more FI requests than rows.
    expect(onceOpen).toBeLessThanOrEqual(30);
    const requests = world.finPro.calls.filter(({ kind }) => kind === 'request');
    expect(requests.length).toBeLessThanOrEqual(1.2 * batch.length);
    expect(atFullSpeed).toBeGreaterThanOrEqual(FULL_SPEED);
    expect(world.finPro.overLimit).toEqual([]);
  });

  test.each([
    ['refusing connections', 'at the beginning of a rate window', UNREACHABLE, 60_000],
    ['refusing connections', 'just after one has begun', UNREACHABLE, 61_000],
    ['refusing connections', 'just before one ends', UNREACHABLE, 119_000],
    ['cutting connections', 'at the beginning of a rate window', LOST, 60_000],
    ['cutting connections', 'in the middle of one', LOST, 90_000],
    ['cutting connections', 'just before one ends', LOST, 119_000],
  ])('%s, from and until %s: the same', async (_, __, failure, after) => {
    const { counters, onceOpen, atFullSpeed } = await playThrough(3_000, after, failure);
    expect(counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: 3_000, FAILED: 0 });
    expect(onceOpen).toBeLessThanOrEqual(30);
    expect(atFullSpeed).toBeGreaterThanOrEqual(FULL_SPEED);
  });
});
