import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { fails, LOST, OPENS, OPENS_UNHEARD, type RequestStep } from '#test/world/consent-behaviour.ts';
import { recordsOf, reportOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, ORGANISATION, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, START } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);

/** Two batches of the organisation with the same consent, whose FI requests go as the steps say; their records and sessions. */
async function bothBatches(requests: readonly [RequestStep, ...RequestStep[]]) {
  const world = roomyWorld({ BALANCES: 'off' });
  world.finPro.behave(CONSENT, { requests });
  world.start();
  for (const referenceId of ['first', 'second']) await acceptBatch(world, submissionOf([CONSENT], { referenceId }));
  for (const referenceId of ['first', 'second']) {
    await runToEnd(world, undefined, { organisationId: ORGANISATION, referenceId });
  }
  const records = [...(await reportOf(world, 'first')).records, ...(await reportOf(world, 'second')).records];
  return { world, records, sessions: world.finPro.sessionsOf(CONSENT) };
}

describe('a session that was found by look-up', () => {
  test('is told: the record says adopted', async () => {
    const world = roomyWorld({ BALANCES: 'off' });
    world.finPro.behave(CONSENT, { requests: [OPENS_UNHEARD] });
    await runBatch(world, submissionOf([CONSENT]));
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED', adopted: true });
  });

  test('of another row of the organisation is told, too', async () => {
    const { records, sessions } = await bothBatches([OPENS, fails(LOST)]);
    expect(records.map(({ session_id }) => session_id)).toEqual([sessions[0], sessions[0]]);
    expect(records.map(({ adopted }) => adopted)).toEqual([undefined, true]);
  });

  test('that the client itself began is told', async () => {
    const world = roomyWorld({ BALANCES: 'off' });
    world.finPro.behave(CONSENT, { requests: [fails(LOST)] });
    const own = world.finPro.openElsewhere(ORGANISATION, CONSENT, START);
    await runBatch(world, submissionOf([CONSENT]));
    expect((await recordsOf(world))[0]).toMatchObject({ session_id: own, adopted: true });
  });

  test('is adopted once: the row of the other batch looks twice in vain, and requests anew', async () => {
    const { world, records, sessions } = await bothBatches([OPENS_UNHEARD, fails(LOST), OPENS]);
    expect(records.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(new Set(records.map(({ session_id }) => session_id))).toEqual(new Set(sessions));
    expect(sessions).toHaveLength(2);
    expect(records.map(({ adopted }) => adopted)).toEqual([true, undefined]);
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(3);
  });

  test.each(['dies-before', 'dies-after', 'fails-before', 'fails-after', 'repeats'] as const)(
    'stays with its row when the claim %s: it is claimed again',
    async (how) => {
      const world = roomyWorld({ BALANCES: 'off' });
      world.finPro.behave(CONSENT, { requests: [OPENS_UNHEARD] });
      let claims = 0;
      world.disturbance.fault = ({ name }) => {
        if (name !== 'chunks.claimSession') return null;
        claims += 1;
        return claims === 1 ? how : null;
      };
      await runBatch(world, submissionOf([CONSENT]));
      expect(claims).toBe(how === 'repeats' ? 1 : 2);
      expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED', adopted: true });
      expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(1);
    },
  );
});

test('a session that came with the answer is not told as adopted, though its worker died before the commit', async () => {
  const world = roomyWorld({ BALANCES: 'off' });
  let saves = 0;
  world.disturbance.fault = ({ name }) => {
    if (name !== 'chunks.saveOutcome') return null;
    saves += 1;
    return saves === 1 ? 'dies-after' : null;
  };
  await runBatch(world, submissionOf([CONSENT]));
  const [record] = await recordsOf(world);
  expect(record).toMatchObject({ status: 'COMPLETED' });
  expect(record).not.toHaveProperty('adopted');
});

test('nothing is claimed where no answer was lost', async () => {
  const world = roomyWorld({ BALANCES: 'off' });
  const calls: string[] = [];
  world.disturbance.fault = ({ name }) => {
    calls.push(name);
    return null;
  };
  await runBatch(world, submissionOf([CONSENT]));
  expect(calls).toContain('chunks.saveOutcome');
  expect(calls).not.toContain('chunks.claimSession');
});
