import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { answered, LOST, NEVER_READY } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const failing = answered(500, null);

describe('rows that always fail', () => {
  test('hold up none of the others, wherever they stand', async () => {
    const world = ratedWorld({ BALANCES: 'off' });
    world.finPro.latency = () => 100;
    // Half of each chunk, its first rows.
    for (const [index, consent] of consents(1000).entries()) {
      if (index % 250 < 125) world.finPro.behave(consent, { requests: [{ kind: 'fails', failure: failing }] });
    }
    world.start();
    await acceptBatch(world, submissionOf(consents(1000)));
    const healthy = async () => (await reportOf(world)).counters.COMPLETED;
    await world.clock.runUntil(START + 15 * MINUTE);
    expect(await healthy()).toBe(500);
    await world.clock.runUntil(START + 20 * MINUTE);
    // Each of them has failed before: what comes now says nothing of FinPro.
    expect(world.ledgers.of('lender').circuitOpenUntil).toBeNull();
    await acceptBatch(world, submissionOf([consentId(5001)], { referenceId: 'another-batch' }));
    const accepted = world.clock.now();
    const another = { organisationId: 'lender', referenceId: 'another-batch' };
    await runToEnd(world, accepted + HOUR, another);
    expect((world.batches.closedAt(another) ?? Number.POSITIVE_INFINITY) - accepted).toBeLessThan(3 * MINUTE);
    await runToEnd(world);
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 500, FAILED: 500 });
  });
});

describe('a row whose polls are never answered', () => {
  test('ends some minutes after the polling deadline, with its session', async () => {
    const world = ratedWorld({ BALANCES: 'off' });
    world.finPro.behave(consentId(1), {
      session: NEVER_READY,
      statusFailures: Array.from({ length: 2_000 }, () => failing),
    });
    await runBatch(world, submissionOf(consents(20)));
    const [record] = await recordsOf(world);
    expect(record).toMatchObject({
      status: 'FAILED',
      retry_eligible: 'Yes',
      session_id: world.finPro.sessionsOf(consentId(1))[0],
      error: { code: 'DataFetchTimeout', message: expect.stringMatching(/FinPro didn't answer/) },
    });
    expect(world.clock.now() - START).toBeLessThan(20 * MINUTE);
    expect(world.finPro.callsOf(consentId(1), 'status-by-session').length).toBeLessThan(25);
  });

  test('outlives an outage of hours, in which only half-open calls are made', async () => {
    const world = ratedWorld({ BALANCES: 'off' });
    world.finPro.refuses = ({ at }) => (at > START + 3_000 && at < START + 5 * HOUR ? LOST : null);
    await runBatch(world, submissionOf(consents(3)));
    expect((await reportOf(world)).counters).toMatchObject({ COMPLETED: 3 });
  });
});

describe("somebody else's session that is still running", () => {
  test.each([
    ['a minute', MINUTE],
    ['seven hours', 7 * HOUR],
  ])('opened %s before is polled, and no FI request is spent on it', async (_, age) => {
    const world = ratedWorld({ BALANCES: 'off' });
    world.finPro.behave(consentId(1), { requests: [{ kind: 'already-running', for: age }] });
    await runBatch(world, submissionOf(consents(1)));
    const [record] = await recordsOf(world);
    expect(record).toMatchObject({ status: 'COMPLETED', session_id: world.finPro.sessionsOf(consentId(1))[0] });
    expect(world.finPro.callsOf(consentId(1), 'request')).toHaveLength(1);
  });

  test('of which FinPro knows nothing ends the row with what FinPro said', async () => {
    const world = ratedWorld({ BALANCES: 'off' });
    world.finPro.behave(consentId(1), {
      requests: [{ kind: 'fails', failure: answered(400, 'DataFetchRequestInProgress') }],
    });
    await runBatch(world, submissionOf(consents(1)));
    const [record] = await recordsOf(world);
    expect(record).toMatchObject({
      status: 'FAILED',
      retry_eligible: 'Yes',
      error: { code: 'DataFetchRequestInProgress', message: expect.stringMatching(/in progress/) },
    });
  });
});
