import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { account, OPENS_UNHEARD, readyAfter } from '#test/world/consent-behaviour.ts';
import type { CallKind } from '#test/world/finpro.ts';
import { recordsOf, runToEnd } from '#test/world/run.ts';
import { consentId, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const [OWN, OTHER] = [consentId(1), consentId(2)];

/** Two rows, of which the first call of a kind for one is answered about the other's session, so many times. */
async function rowUnder(kind: CallKind, times: number, isUnheard = false) {
  const world = roomyWorld();
  const { finPro } = world;
  finPro.behave(OWN, {
    session: readyAfter(20, [account(1)]),
    ...(isUnheard ? { requests: [OPENS_UNHEARD] as const } : {}),
  });
  finPro.behave(OTHER, { session: readyAfter(0, [account(2)]) });
  let left = times;
  finPro.strays = (call) => {
    if (call.kind !== kind || call.consentId !== OWN || left === 0) return false;
    left -= 1;
    return true;
  };
  world.start();
  await acceptBatch(world, submissionOf([OTHER, OWN]));
  await runToEnd(world);
  const [, record] = await recordsOf(world);
  return { world, record, left };
}

describe("an answer about another row's session", () => {
  test.each<[string, CallKind, boolean]>([
    ['to an FI request is a lost one', 'request', false],
    ['to a poll is none', 'status-by-session', false],
    ['to a look-up is none', 'status-by-consent', true],
  ])('%s', async (_, kind, isUnheard) => {
    const times = kind === 'request' ? 1 : 2;
    const { world, record, left } = await rowUnder(kind, times, isUnheard);
    expect(left).toBe(0);
    expect(record).toMatchObject({
      status: 'COMPLETED',
      session_id: world.finPro.sessionsOf(OWN)[0],
      account_details: [{ link_reference_number: account(1).linkRefNumber }],
    });
    expect(world.finPro.callsOf(OWN, 'request')).toHaveLength(1);
    expect(world.telemetry.countOf('UpstreamMismatch')).toBe(times);
  });
});
