import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { LOST, NEVER_READY, readyAfter } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runToEnd } from '#test/world/run.ts';
import { consentId, consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, roomyWorld, START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a worker that dies', () => {
  const CALLS = [
    'chunks.state',
    'chunks.input',
    'chunks.outcome',
    'ledgers.read',
    'ledgers.take',
    'chunks.saveState',
    'finPro.requestFi',
    'finPro.fiStatus',
    'finPro.fiBalance',
    'ledgers.release',
    'chunks.saveOutcome',
    'chunks.saveAccounts',
    'chunks.accounts',
    'batches.finish-chunk',
    'loop.start',
  ];
  const cases = CALLS.flatMap((call) =>
    (['dies-before', 'dies-after', 'fails-before', 'fails-after'] as const).flatMap((how) =>
      [1, 2, 3].map((nth) => ({ call, how, nth })),
    ),
  );

  test.each(cases)('at the $nth. $call, $how: every row completes, with one FI request', async ({ call, how, nth }) => {
    const world = ratedWorld({ CHUNK_ROWS: '3' });
    let calls = 0;
    world.disturbance.fault = ({ name }) => {
      if (name !== call) return null;
      calls += 1;
      return calls === nth ? how : null;
    };
    world.finPro.behave(consentId(2), { session: readyAfter(12), balanceFailures: [LOST] });
    world.start();
    await acceptBatch(world, submissionOf(consents(4)));
    await runToEnd(world, START + 2 * HOUR);
    const { counters, records } = await reportOf(world);
    expect(counters).toEqual({ READY: 0, IN_PROGRESS: 0, COMPLETED: 4, FAILED: 0 });
    expect(records.every(({ account_details }) => account_details?.length === 1)).toBe(true);
    const requests = consents(4).map((consent) => world.finPro.callsOf(consent, 'request').length);
    expect(requests).toEqual([1, 1, 1, 1]);
  });

  test('with sessions that are not stored leaves them to be found: nothing is sent twice', async () => {
    const world = roomyWorld();
    world.finPro.behave(consentId(1), { session: NEVER_READY });
    let deaths = 0;
    world.disturbance.fault = ({ name }) => {
      if (name !== 'chunks.saveOutcome' || deaths > 0) return null;
      deaths += 1;
      return 'dies-before';
    };
    world.start();
    await acceptBatch(world, submissionOf(consents(40)));
    await runToEnd(world, START + HOUR);
    expect(consents(40).every((consent) => world.finPro.callsOf(consent, 'request').length === 1)).toBe(true);
    const records = await recordsOf(world);
    expect(records.map(({ session_id }) => session_id)).toEqual(
      consents(40).map((consent) => world.finPro.sessionsOf(consent)[0]),
    );
  });
});

describe('a chunk whose workers die again and again', () => {
  test.each([
    ['at every call', /^finPro\./],
    ['whenever they write what was delivered', /^chunks\.saveAccounts$/],
    ['before they have leased it', /^ledgers\.(read|take)$/],
    ['when they read it', /^chunks\.input$/],
  ])('%s ends soon after the deadline, FAILED, Yes', async (_, deadly) => {
    const world = roomyWorld({ BATCH_DEADLINE_SECONDS: '14400' });
    world.disturbance.fault = ({ name }) => (deadly.test(name) ? 'dies-before' : null);
    world.start();
    await acceptBatch(world, submissionOf(consents(2)));
    // A lease ends at the latest 90 s after the deadline, and recovery comes every minute.
    await runToEnd(world, START + 4 * HOUR + 5 * MINUTE);
    const records = await recordsOf(world);
    expect(records.map(({ status, retry_eligible }) => [status, retry_eligible])).toEqual([
      ['FAILED', 'Yes'],
      ['FAILED', 'Yes'],
    ]);
  });
});
