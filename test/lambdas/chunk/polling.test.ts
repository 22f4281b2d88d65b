import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import {
  answered,
  type ConsentBehaviour,
  LOST,
  NEVER_READY,
  readyAfter,
  TOO_MANY,
} from '#test/world/consent-behaviour.ts';
import { recordsOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, START, takeTokens } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);
const DONE = 'COMPLETED';

/** When one consent is polled, in seconds since its FI request, and what becomes of it. */
async function pollsOf(behaviour: Partial<ConsentBehaviour>, { tight = false, environment = {} } = {}) {
  const world = roomyWorld(environment);
  // A window that is nearly used up.
  if (tight) await takeTokens(world, 800_000);
  world.finPro.behave(CONSENT, behaviour);
  await runBatch(world, submissionOf([CONSENT]));
  const [record] = await recordsOf(world);
  return {
    polls: world.finPro.callsOf(CONSENT, 'status-by-session').map(({ at }) => (at - START) / 1000),
    status: record?.status,
    world,
  };
}

const pendings = (count: number) => Array(count).fill(null);

describe('the polls of a session', () => {
  test.each<[string, Partial<ConsentBehaviour>, boolean, number[], string]>([
    ['that never gets ready', { session: NEVER_READY }, false, [5, 15, 35, 75, 155, 300], 'FAILED'],
    ['that never gets ready, on a tight budget', { session: NEVER_READY }, true, [75, 155, 300], 'FAILED'],
    ['that is ready at once', { session: readyAfter(0) }, false, [5], DONE],
    ['that is ready after 40 s', { session: readyAfter(40) }, false, [5, 15, 35, 75], DONE],
    ['that is ready after 40 s, on a tight budget', { session: readyAfter(40) }, true, [75], DONE],
    ['that is ready right at the deadline', { session: readyAfter(300) }, false, [5, 15, 35, 75, 155, 300], DONE],
    [
      'whose last poll is not answered',
      { session: NEVER_READY, statusFailures: [...pendings(5), LOST, answered(500, null)] },
      false,
      [5, 15, 35, 75, 155, 300, 360, 420],
      'FAILED',
    ],
    [
      'whose last poll is not answered, and that gets ready meanwhile',
      { session: readyAfter(310), statusFailures: [...pendings(5), LOST] },
      false,
      [5, 15, 35, 75, 155, 300, 360],
      DONE,
    ],
    [
      'whose polls are not answered',
      { session: NEVER_READY, statusFailures: [LOST, LOST] },
      false,
      [5, 15, 35, 75, 155, 300],
      'FAILED',
    ],
  ])('%s', async (_, behaviour, tight, expected, end) => {
    const { polls, status } = await pollsOf(behaviour, { tight });
    expect(polls).toEqual(expected);
    expect(status).toBe(end);
  });

  test('are never more than one in a minute apart from their schedule where ticks are those of a day', async () => {
    const { polls, status } = await pollsOf(
      { session: NEVER_READY },
      { environment: { BATCH_DEADLINE_SECONDS: '86400' } },
    );
    expect(polls).toHaveLength(6);
    const late = polls.map((age, index) => age - ([5, 15, 35, 75, 155, 300][index] ?? 0));
    // Each is kept on the next tick of 1.65 s: a wait never gets shorter.
    expect(late.every((seconds, index) => seconds >= 0 && seconds <= 1.65 * (index + 1))).toBe(true);
    expect(status).toBe('FAILED');
  });

  test('that are answered 429 are made again as soon as there is leave', async () => {
    const { polls } = await pollsOf({ session: readyAfter(4), statusFailures: [TOO_MANY, TOO_MANY] });
    expect(polls).toEqual([5, 5, 5]);
  });

  test('make no traffic between them', async () => {
    const { world } = await pollsOf({ session: NEVER_READY });
    expect(world.finPro.calls).toHaveLength(7);
    expect(world.workflow.started).toHaveLength(1);
  });

  test.each([-2_000, 2_000])('by a worker whose clock is off by %i ms: it does not spin', async (offset) => {
    const world = roomyWorld();
    world.disturbance.turnTime = () => 50;
    world.disturbance.clockOffset = () => offset;
    world.finPro.behave(CONSENT, { session: NEVER_READY });
    world.start();
    await acceptBatch(world, submissionOf([CONSENT]));
    await runToEnd(world);
    expect(world.finPro.callsOf(CONSENT, 'status-by-session')).toHaveLength(6);
    // A wait that ends too early by the worker's clock is waited for once more: two turns for each of 6 polls, and the first.
    expect(world.containers.workOf('advance-chunk').invocations).toBeLessThanOrEqual(13);
  });
});
