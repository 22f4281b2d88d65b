import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { RetryEligibility } from '#lambdas/chunk/row.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import {
  account,
  answered,
  type ConsentBehaviour,
  endsAs,
  fails,
  LOST,
  NEVER_READY,
  OPENS,
  OPENS_UNHEARD,
  readyAfter,
  TOO_MANY,
  UNAUTHORIZED,
  UNREACHABLE,
} from '#test/world/consent-behaviour.ts';
import { recordsOf, runBatch, runToEnd } from '#test/world/run.ts';
import { consentId, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, START } from '#test/world/unit-worlds.ts';

const CONSENT = consentId(1);
const TIMED_OUT: UpstreamFailure = { sent: 'maybe', timedOut: true, message: 'No answer of FinPro within 15 s.' };

const GONE = answered(400, 'InvalidSessionId', 'Gone');

/** Plays one consent through the pipeline and gives its record. */
async function outcomeOf(behaviour: Partial<ConsentBehaviour>) {
  const world = roomyWorld();
  world.finPro.behave(CONSENT, behaviour);
  await runBatch(world, submissionOf([CONSENT]));
  const [record] = await recordsOf(world);
  if (!record) throw new Error('the batch has no rows');
  return { record, world, session: world.finPro.sessionsOf(CONSENT)[0] ?? null };
}

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe('rows that are tried again (docs/spec/upstream.md, failure table)', () => {
  test.each<[string, Partial<ConsentBehaviour>, string]>([
    ['a connection that is always refused', { requests: [fails(UNREACHABLE)] }, 'ServiceUnavailable'],
    ['503 for ever', { requests: [fails(answered(503, 'ServiceUnavailable'))] }, 'ServiceUnavailable'],
    ['503 of a gateway for ever', { requests: [fails(answered(503, null))] }, 'ServiceUnavailable'],
  ])('%s: four FI requests, then FAILED, Yes', async (_, behaviour, code) => {
    const { record, world } = await outcomeOf(behaviour);
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(4);
    expect(record).toMatchObject({
      status: 'FAILED',
      retry_eligible: 'Yes',
      session_id: null,
      error: { code, message: expect.stringMatching(/.+/) },
      account_details: [],
    });
  });

  test.each<[string, Partial<ConsentBehaviour>]>([
    ['refused connections, three times', { requests: [...oneThenOpens(UNREACHABLE, 3)] }],
    ['503, three times', { requests: [...oneThenOpens(answered(503, 'ServiceUnavailable'), 3)] }],
    ['429, again and again', { requests: [...oneThenOpens(TOO_MANY, 20)] }],
    ['401, again and again', { requests: [...oneThenOpens(UNAUTHORIZED, 20)] }],
    ['403, again and again', { requests: [...oneThenOpens(answered(403, 'Forbidden'), 20)] }],
    [
      'SignatureDoesNotMatch, again and again',
      { requests: [...oneThenOpens(answered(400, 'SignatureDoesNotMatch'), 20)] },
    ],
    ['a timeout of a request that was not processed', { requests: [...oneThenOpens(TIMED_OUT, 1)] }],
    ['a lost answer of a request that was not processed', { requests: [...oneThenOpens(LOST, 1)] }],
    ['500 before processing', { requests: [...oneThenOpens(answered(500, null), 1)] }],
    ['502', { requests: [...oneThenOpens(answered(502, null), 1)] }],
    ['504', { requests: [...oneThenOpens(answered(504, null), 1)] }],
    ["a gateway's 413", { requests: [...oneThenOpens(answered(413, null), 1)] }],
  ])('%s, then an answer: COMPLETED', async (_, behaviour) => {
    const { record, world, session } = await outcomeOf(behaviour);
    expect(record).toMatchObject({ status: 'COMPLETED', retry_eligible: null, error: null, session_id: session });
    expect(world.finPro.sessionsOf(CONSENT)).toHaveLength(1);
  });

  test.each([
    ['reset', LOST],
    ['timeout', TIMED_OUT],
    ['500', answered(500, 'InternalError')],
    ['502', answered(502, null)],
    ['504', answered(504, null)],
    ["a gateway's 404", answered(404, null)],
    ['a redirection', answered(302, null)],
  ])(
    '%s for ever, never processed: probed twice for each of four FI requests, then FAILED, Yes',
    async (_, failure) => {
      const { record, world } = await outcomeOf({ requests: [fails(failure)] });
      expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(4);
      expect(world.finPro.callsOf(CONSENT, 'status-by-consent')).toHaveLength(8);
      expect(record).toMatchObject({
        status: 'FAILED',
        retry_eligible: 'Yes',
        session_id: null,
        error: { code: 'UpstreamTimeout', message: expect.stringContaining('lost') },
      });
    },
  );
});

/** FI requests of which so many fail before one opens a session. */
function oneThenOpens(failure: Parameters<typeof fails>[0], count: number): ConsentBehaviour['requests'] {
  return [fails(failure), ...times(count - 1, fails(failure)), OPENS];
}

/** FinPro's refusals: code, message, what the caller is told of retrying, and what the message has to say. */
const REFUSALS: readonly [string, string, RetryEligibility, RegExp][] = [
  ['InvalidDateRange', 'Outside the range of the consent', 'YesWithModifications', /Change fiDataRangeFrom/],
  ['InvalidRequest', ' [ fiDataRangeFrom must be a date ] ', 'YesWithModifications', /Change fiDataRangeFrom/],
  ['InvalidRequest', ' [ configId is unknown ] ', 'YesWithModifications', /Change configId/],
  ['InvalidConsentId', 'Consent ID does not exist.', 'No', /ask for a new one/],
  ['InvalidConsentStatus', 'Not active', 'No', /ask for a new one/],
  ['ConsentRevoked', 'The consent is revoked.', 'No', /ask for a new one/],
  ['ConsentExpired', 'The consent is expired.', 'No', /ask for a new one/],
  ['InvalidRequest', 'The consent was revoked', 'No', /ask for a new one/],
  ['InvalidConsentUse', 'Frequency exceeded', 'Yes', /next period/],
  ['InvalidConsentUse', 'The ONETIME consent has been used', 'No', /ask for a new one/],
  ['QuotaExceeded', 'The quota of the consent is exceeded', 'No', /ask for a new one/],
  ['ConsentPaused', 'The consent is paused.', 'Yes', /resumed/],
  ['NeverHeardOf', 'Something new', 'Yes', /Something new/],
];

describe('rows that end with a refusal', () => {
  test.each([...REFUSALS, ['NoDataFound', 'No data', 'Yes', /no data/] as const])(
    '%s “%s” to the FI request: FAILED, %s',
    async (code, message, eligibility, told) => {
      const { record, world } = await outcomeOf({ requests: [fails(answered(400, code, message))] });
      expect(record).toEqual({
        id: 1,
        consent_id: CONSENT,
        status: 'FAILED',
        retry_eligible: eligibility,
        session_id: null,
        error: { code, message: expect.stringMatching(told) },
        account_details: [],
      });
      expect(world.finPro.calls).toHaveLength(1);
      expect(world.telemetry.countOf('UpstreamUnclassified')).toBe(code === 'NeverHeardOf' ? 1 : 0);
      expect(world.telemetry.countOf('RowFailed')).toBe(1);
    },
  );

  test.each(REFUSALS.slice(0, -1))(
    '%s “%s” to a poll: FAILED, %s, and the session is told',
    async (code, message, eligibility) => {
      const { record, session, world } = await outcomeOf({ statusFailures: [answered(400, code, message)] });
      expect(session).not.toBeNull();
      expect(record).toMatchObject({
        status: 'FAILED',
        retry_eligible: eligibility,
        session_id: session,
        error: { code },
      });
      expect(world.finPro.calls).toHaveLength(2);
    },
  );

  test.each(REFUSALS.slice(0, -1))(
    '%s “%s” to the look-up after a lost answer: FAILED, %s',
    async (code, message, eligibility) => {
      const { record, world } = await outcomeOf({
        requests: [fails(LOST)],
        statusFailures: [answered(400, code, message)],
      });
      expect(record).toMatchObject({
        status: 'FAILED',
        retry_eligible: eligibility,
        session_id: null,
        error: { code },
      });
      expect(world.finPro.calls.map(({ kind }) => kind)).toEqual(['request', 'status-by-consent']);
    },
  );

  const unknown = answered(400, 'NeverHeardOf', 'Something new');
  test('a code that no rule knows ends a row when polls are answered with it twice', async () => {
    const { record, session, world } = await outcomeOf({
      session: NEVER_READY,
      statusFailures: [unknown, LOST, unknown],
    });
    expect(record).toMatchObject({
      status: 'FAILED',
      retry_eligible: 'Yes',
      session_id: session,
      error: { code: 'NeverHeardOf', message: 'Something new' },
    });
    expect(world.finPro.callsOf(CONSENT, 'status-by-session')).toHaveLength(3);
    expect(world.telemetry.countOf('UpstreamUnclassified')).toBe(2);
  });

  test('a code that no rule knows ends no row whose next poll is answered', async () => {
    const { record, session } = await outcomeOf({
      session: readyAfter(60),
      statusFailures: [unknown, null, unknown, null],
    });
    expect(record).toMatchObject({ status: 'COMPLETED', retry_eligible: null, session_id: session, error: null });
  });

  test('a code that no rule knows ends a row at the deadline of its polls', async () => {
    const { record, world } = await outcomeOf({
      session: NEVER_READY,
      statusFailures: [null, null, null, null, null, unknown],
    });
    expect(record).toMatchObject({ status: 'FAILED', retry_eligible: 'Yes', error: { code: 'NeverHeardOf' } });
    expect(world.finPro.callsOf(CONSENT, 'status-by-session')).toHaveLength(6);
  });

  test('a code that no rule knows ends a row when look-ups are answered with it twice, and not once', async () => {
    const twice = await outcomeOf({ requests: [fails(LOST)], statusFailures: [unknown, unknown] });
    expect(twice.record).toMatchObject({ status: 'FAILED', retry_eligible: 'Yes', error: { code: 'NeverHeardOf' } });
    expect(twice.world.finPro.callsOf(CONSENT, 'request')).toHaveLength(1);
    const once = await outcomeOf({ requests: [OPENS_UNHEARD], statusFailures: [unknown] });
    expect(once.record).toMatchObject({ status: 'COMPLETED', session_id: once.session });
    expect(once.world.finPro.callsOf(CONSENT, 'request')).toHaveLength(1);
  });

  test('a row in doubt is not told to be retried yet', async () => {
    const world = roomyWorld();
    world.finPro.behave(CONSENT, { session: NEVER_READY, statusFailures: [unknown] });
    world.start();
    await acceptBatch(world, submissionOf([CONSENT]));
    await world.clock.runUntil(START + 10_000);
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'IN_PROGRESS', retry_eligible: null, error: null });
  });

  test('DataFetchRequestInProgress: the session under way is adopted when it is not older than the intent', async () => {
    const world = roomyWorld();
    world.finPro.behave(CONSENT, { requests: [fails(answered(400, 'DataFetchRequestInProgress'))] });
    const session = world.finPro.openElsewhere('lender', CONSENT, world.clock.now() - 60_000);
    await runBatch(world, submissionOf([CONSENT]));
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED', session_id: session });
    expect(world.finPro.callsOf(CONSENT, 'request')).toHaveLength(1);
  });

  test('DataFetchRequestInProgress: the session under way is polled to its end, however late in the batch that is', async () => {
    const world = roomyWorld();
    world.disturbance.deliveries = () => [90_000];
    world.finPro.behave(CONSENT, {
      requests: [fails(answered(400, 'DataFetchRequestInProgress'))],
      session: readyAfter(270),
    });
    world.start();
    await acceptBatch(world, submissionOf([CONSENT]));
    await world.clock.runUntil(START + 80_000);
    const session = world.finPro.openElsewhere('lender', CONSENT, world.clock.now());
    await runToEnd(world);
    expect((await recordsOf(world))[0]).toMatchObject({ status: 'COMPLETED', session_id: session });
  });
});

describe('rows that end with their session', () => {
  test.each<[string, Partial<ConsentBehaviour>, RetryEligibility, string]>([
    ['TIMEOUT, nothing delivered', { session: endsAs('TIMEOUT', [account(1, 'TIMEOUT')]) }, 'Yes', 'DataFetchTimeout'],
    ['TIMEOUT without accounts', { session: endsAs('TIMEOUT') }, 'Yes', 'DataFetchTimeout'],
    ['SESSION_FAILED', { session: endsAs('SESSION_FAILED') }, 'Yes', 'SessionFailed'],
    ['SESSION_EXPIRED', { session: endsAs('SESSION_EXPIRED') }, 'Yes', 'SessionExpired'],
    ['DATA_DENIED', { session: endsAs('DATA_DENIED') }, 'No', 'DataDenied'],
    ['every account denied', { session: endsAs('TIMEOUT', [account(1, 'DENIED')]) }, 'No', 'DataDenied'],
    ['DATA_READY, every account denied', { session: readyAfter(4, [account(1, 'DENIED')]) }, 'No', 'DataDenied'],
    ['still pending at the deadline', { session: NEVER_READY }, 'Yes', 'DataFetchTimeout'],
    ['an unknown session', { statusFailures: [GONE, GONE] }, 'Yes', 'InvalidSessionId'],
  ])('%s: FAILED, %s, and the session is told', async (_, behaviour, eligibility, code) => {
    const { record, session } = await outcomeOf(behaviour);
    expect(session).not.toBeNull();
    expect(record).toMatchObject({
      status: 'FAILED',
      retry_eligible: eligibility,
      session_id: session,
      error: { code, message: expect.stringMatching(/.+/) },
      account_details: [],
    });
  });

  test.each<[string, Partial<ConsentBehaviour>, string[]]>([
    ['DATA_READY', { session: readyAfter(4, [account(1), account(2)]) }, ['DELIVERED', 'DELIVERED']],
    [
      'TIMEOUT, some delivered',
      { session: endsAs('TIMEOUT', [account(1), account(2, 'TIMEOUT')]) },
      ['DELIVERED', 'TIMEOUT'],
    ],
    ['DATA_READY without accounts', { session: readyAfter(4, []) }, []],
    [
      'polls that fail and come through',
      { statusFailures: [LOST, answered(500, null), answered(404, null), UNREACHABLE, TOO_MANY] },
      ['DELIVERED'],
    ],
    [
      'polls in progress',
      { statusFailures: [answered(400, 'DataFetchRequestInProgress'), answered(400, 'NoDataFound')] },
      ['DELIVERED'],
    ],
  ])('%s: COMPLETED, each account with its own status', async (_, behaviour, fiStatuses) => {
    const { record, session } = await outcomeOf(behaviour);
    expect(record).toMatchObject({ status: 'COMPLETED', retry_eligible: null, session_id: session, error: null });
    expect(record.account_details?.map(({ fi_status }) => fi_status)).toEqual(fiStatuses);
  });
});
