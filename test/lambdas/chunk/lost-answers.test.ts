import { describe, expect, test } from 'vitest';
import {
  answered,
  type ConsentBehaviour,
  fails,
  LOST,
  OPENS,
  OPENS_UNHEARD,
  TOO_MANY,
  UNAUTHORIZED,
  UNREACHABLE,
} from '#test/world/consent-behaviour.ts';
import { recordsOf, runBatch } from '#test/world/run.ts';
import { consentId, ORGANISATION, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, START } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);

/** The calls for one consent, each with the seconds since the start. */
async function callsOf(
  behaviour: Partial<ConsentBehaviour>,
  prepare: (world: ReturnType<typeof roomyWorld>) => void = () => {},
) {
  const world = roomyWorld({ BALANCES: 'off' });
  world.finPro.behave(CONSENT, behaviour);
  prepare(world);
  await runBatch(world, submissionOf([CONSENT]));
  const [record] = await recordsOf(world);
  const calls = world.finPro.callsOf(CONSENT).map(({ at, kind }) => [kind, (at - START) / 1000]);
  return { calls, record, world };
}

describe('a lost answer', () => {
  test.each([['cut after sending', OPENS_UNHEARD]])(
    '%s: the session is found after 30 s, and no second FI request is sent',
    async (_, step) => {
      const { calls, record, world } = await callsOf({ requests: [step] });
      expect(calls).toEqual([
        ['request', 0],
        ['status-by-consent', 30],
        ['status-by-session', 35],
      ]);
      expect(record).toMatchObject({ status: 'COMPLETED', session_id: world.finPro.sessionsOf(CONSENT)[0] });
    },
  );

  test('without a session: two probes 30 s apart, and the next attempt 30 s later', async () => {
    const { calls } = await callsOf({ requests: [fails(LOST), fails(answered(504, null)), OPENS] });
    expect(calls).toEqual([
      ['request', 0],
      ['status-by-consent', 30],
      ['status-by-consent', 60],
      ['request', 90],
      ['status-by-consent', 120],
      ['status-by-consent', 150],
      ['request', 210],
      ['status-by-session', 215],
    ]);
  });

  test('is looked up until the upstream answers', async () => {
    const { calls, record } = await callsOf({
      requests: [OPENS_UNHEARD],
      statusFailures: [LOST, answered(500, null), UNREACHABLE],
    });
    expect(calls).toEqual([
      ['request', 0],
      ['status-by-consent', 30],
      ['status-by-consent', 60],
      ['status-by-consent', 90],
      ['status-by-consent', 120],
      ['status-by-session', 125],
    ]);
    expect(record).toMatchObject({ status: 'COMPLETED' });
  });

  test('whose first reconcile finds nothing yet is adopted at the second', async () => {
    const { calls } = await callsOf({ requests: [OPENS_UNHEARD], statusFailures: [answered(400, 'NoDataFound')] });
    expect(calls.slice(0, 4)).toEqual([
      ['request', 0],
      ['status-by-consent', 30],
      ['status-by-consent', 60],
      ['status-by-session', 65],
    ]);
  });

  test('probes that are answered 429 or 401 do not count', async () => {
    const noData = answered(400, 'NoDataFound');
    const { world } = await callsOf({
      requests: [fails(LOST), OPENS],
      statusFailures: [noData, TOO_MANY, TOO_MANY, UNAUTHORIZED, noData],
    });
    expect(world.finPro.callsOf(CONSENT, 'status-by-consent')).toHaveLength(5);
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(2);
  });

  test.each([
    [119, 'adopted', 1],
    [121, 'not ours', 2],
  ])('of a consent with a session of %i s before the intent: %s', async (age, _, requests) => {
    const { world, record } = await callsOf({ requests: [fails(LOST), OPENS] }, ({ finPro }) => {
      finPro.openElsewhere(ORGANISATION, CONSENT, START - age * 1000);
      finPro.behave(CONSENT, { session: { after: 100_000_000, eventStatus: 'DATA_READY', accounts: [] } });
    });
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(requests);
    expect(record).toMatchObject({ session_id: world.finPro.sessionsOf(CONSENT)[requests - 1] });
  });

  test('does not find what belongs to another organisation', async () => {
    const { world } = await callsOf({ requests: [fails(LOST), OPENS] }, ({ finPro }) => {
      finPro.openElsewhere('somebody-else', CONSENT, START);
    });
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(2);
  });

  test('of a consent that turns out to be unknown ends the row', async () => {
    const { record } = await callsOf({
      requests: [fails(LOST)],
      statusFailures: [answered(400, 'InvalidConsentId', 'Unknown.')],
    });
    expect(record).toMatchObject({ status: 'FAILED', retry_eligible: 'No', error: { code: 'InvalidConsentId' } });
  });
});

describe('attempts', () => {
  test('are four, 30, 60 and 120 s apart', async () => {
    const { calls, record } = await callsOf({ requests: [fails(UNREACHABLE)] });
    expect(calls).toEqual([
      ['request', 0],
      ['request', 30],
      ['request', 90],
      ['request', 210],
    ]);
    expect(record).toMatchObject({ status: 'FAILED', retry_eligible: 'Yes' });
  });

  test('are not used up by 429 or by 401', async () => {
    const { world, record } = await callsOf({
      requests: [
        ...([fails(TOO_MANY), ...Array(9).fill(fails(TOO_MANY)), ...Array(9).fill(fails(UNAUTHORIZED))] as const),
        fails(UNREACHABLE),
        fails(UNREACHABLE),
        fails(UNREACHABLE),
        OPENS,
      ],
    });
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(23);
    expect(record).toMatchObject({ status: 'COMPLETED' });
  });

  test('of all kinds are counted together', async () => {
    const { world, record } = await callsOf({
      requests: [fails(UNREACHABLE), fails(LOST), fails(answered(503, null)), fails(answered(500, null))],
    });
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(4);
    expect(record).toMatchObject({ status: 'FAILED', retry_eligible: 'Yes', error: { code: 'UpstreamTimeout' } });
  });
});
