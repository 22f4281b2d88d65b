import { describe, expect, test } from 'vitest';
import { PHASES, type Phase } from '#lambdas/chunk/row.ts';
import { type RowEvent, transition } from '#lambdas/chunk/transitions.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { aRow as row } from '#test/world/builders.ts';
import { START } from '#test/world/unit-worlds.ts';

const settings = readSettings({});
const SECOND = 1000;
const at = (seconds: number, change: Partial<typeof settings> = {}) => ({
  now: START + seconds * SECOND,
  acceptedAt: START,
  settings: { ...settings, ...change },
});

const EVENTS: Readonly<Record<RowEvent['kind'], RowEvent>> = {
  intended: { kind: 'intended' },
  'not-sent': { kind: 'not-sent' },
  accepted: { kind: 'accepted', tight: false },
  adopted: { kind: 'adopted' },
  'not-processed': { kind: 'not-processed', eligibility: 'Yes' },
  'answer-lost': { kind: 'answer-lost' },
  'already-running': { kind: 'already-running' },
  refused: { kind: 'refused', eligibility: 'No' },
  'no-session': { kind: 'no-session' },
  pending: { kind: 'pending' },
  unanswered: { kind: 'unanswered', isOutage: false },
  doubted: { kind: 'doubted' },
  delivered: { kind: 'delivered' },
  'balances-fetched': { kind: 'balances-fetched' },
  'balances-failed': { kind: 'balances-failed' },
  'given-up': { kind: 'given-up' },
};

/** Where each event leads from each phase 10 s after it was last asked for; what is not here cannot happen. */
const TABLE: Readonly<Record<Phase, Partial<Record<RowEvent['kind'], Phase>>>> = {
  ready: { intended: 'requesting', 'given-up': 'failed' },
  requesting: {
    'not-sent': 'ready',
    accepted: 'polling',
    adopted: 'polling',
    'not-processed': 'ready',
    'answer-lost': 'reconciling',
    'already-running': 'joining',
    refused: 'failed',
    'given-up': 'failed',
  },
  reconciling: {
    adopted: 'polling',
    refused: 'failed',
    'no-session': 'reconciling',
    unanswered: 'reconciling',
    doubted: 'reconciling',
    'given-up': 'failed',
  },
  joining: {
    adopted: 'polling',
    refused: 'failed',
    'no-session': 'joining',
    unanswered: 'joining',
    doubted: 'joining',
    'given-up': 'failed',
  },
  polling: {
    refused: 'failed',
    pending: 'polling',
    unanswered: 'polling',
    doubted: 'polling',
    delivered: 'fetchingBalances',
    'given-up': 'failed',
  },
  fetchingBalances: { 'balances-fetched': 'completed', 'balances-failed': 'fetchingBalances', 'given-up': 'completed' },
  completed: {},
  failed: {},
};

describe('a transition', () => {
  const cases = PHASES.flatMap((phase) =>
    Object.values(EVENTS).map((event) => ({ phase, event, kind: event.kind, to: TABLE[phase][event.kind] })),
  );
  test.each(cases.filter(({ to }) => to))('$phase, $kind: $to', ({ phase, event, to }) => {
    const before = row(phase);
    expect(transition(before, event, at(10)).phase).toBe(to);
    expect(before).toEqual(row(phase));
  });
  test.each(cases.filter(({ to }) => !to))('$phase, $kind: a fault of ours', ({ phase, event }) => {
    expect(() => transition(row(phase), event, at(10))).toThrow(
      new RangeError(`${event.kind} cannot happen to a row that is ${phase}`),
    );
  });
});

describe('the attempts of a row', () => {
  const notProcessed = EVENTS['not-processed'];

  test.each([
    [1, 30],
    [2, 60],
    [3, 120],
  ])('attempt %i is followed by the next after %i s', (attempt, wait) => {
    expect(transition(row('requesting', { attempt }), notProcessed, at(10))).toMatchObject({
      phase: 'ready',
      attempt: attempt + 1,
      notBefore: START + (10 + wait) * SECOND,
      eligibility: null,
    });
  });

  test('the fourth is the last', () => {
    expect(transition(row('requesting', { attempt: 4 }), notProcessed, at(10))).toMatchObject({
      phase: 'failed',
      eligibility: 'Yes',
    });
  });

  test('a call that was not sent costs none, and is due again at once', () => {
    expect(transition(row('requesting', { attempt: 3 }), EVENTS['not-sent'], at(10.5))).toMatchObject({
      phase: 'ready',
      attempt: 3,
      notBefore: START,
    });
  });

  test('a second empty reconcile costs one; a reconcile that was not answered counts for nothing', () => {
    const first = transition(row('reconciling'), EVENTS['no-session'], at(10));
    expect(first).toMatchObject({ phase: 'reconciling', tries: 1, attempt: 1 });
    expect(transition(first, EVENTS.unanswered, at(20))).toMatchObject({ phase: 'reconciling', tries: 1, attempt: 1 });
    expect(transition(first, EVENTS['no-session'], at(40))).toMatchObject({
      phase: 'ready',
      attempt: 2,
      tries: 0,
      notBefore: START + 70 * SECOND,
    });
    const last = row('reconciling', { attempt: 4, tries: 1 });
    expect(transition(last, EVENTS['no-session'], at(40))).toMatchObject({ phase: 'failed', eligibility: 'Yes' });
  });
});

describe('the time of an FI request', () => {
  test('is that of the intent while its answer is unknown', () => {
    expect(transition(row('ready'), EVENTS.intended, at(10.9)).requestedAt).toBe(START + 10.9 * SECOND);
  });
  test('is that of the answer once it is known', () => {
    expect(transition(row('requesting'), EVENTS.accepted, at(10.1)).requestedAt).toBe(START + 10.1 * SECOND);
  });
  test('stays that of the intent for a session that was found', () => {
    const requestedAt = START + 5 * SECOND;
    expect(transition(row('reconciling', { requestedAt }), EVENTS.adopted, at(40)).requestedAt).toBe(requestedAt);
  });
  test('stays that of the intent for one that was found, also when it was the moment of acceptance, as it is stored', () => {
    expect(transition(row('reconciling', { requestedAt: START }), EVENTS.adopted, at(40)).requestedAt).toBe(START);
  });
  test('is the time of its finding for a session that was running before', () => {
    const running = transition(row('requesting'), { kind: 'already-running' }, at(1000));
    expect(transition(running, EVENTS.adopted, at(1030)).requestedAt).toBe(START + 1030 * SECOND);
  });
});

describe('the end of polling', () => {
  const pending = EVENTS.pending;
  const polled = row('polling', { tries: 5, lastAskedAt: START + 155 * SECOND });

  test('is an answer at or after the deadline that still says pending', () => {
    expect(transition(polled, pending, at(299))).toMatchObject({ phase: 'polling', tries: 6 });
    expect(transition(polled, pending, at(300))).toMatchObject({ phase: 'failed', eligibility: 'Yes' });
  });
  test('is not a poll without an answer', () => {
    expect(transition(polled, EVENTS.unanswered, at(299))).toMatchObject({ phase: 'polling', tries: 6 });
    expect(transition(polled, EVENTS.unanswered, at(300))).toMatchObject({ phase: 'polling', tries: 1 });
  });
  test('is the tenth poll from then on that is not answered', () => {
    const late = (tries: number) => row('polling', { tries, lastAskedAt: START + 310 * SECOND });
    expect(transition(late(8), EVENTS.unanswered, at(4000))).toMatchObject({ phase: 'polling', tries: 9 });
    expect(transition(late(9), EVENTS.unanswered, at(4000))).toMatchObject({ phase: 'failed', eligibility: 'Yes' });
  });
  test('counts polls from the deadline on, also when the last one before was at the deadline itself', () => {
    const atDeadline = row('polling', { tries: 3, lastAskedAt: START + 300 * SECOND });
    expect(transition(atDeadline, EVENTS.unanswered, at(400))).toMatchObject({ phase: 'polling', tries: 4 });
    const outage = transition(atDeadline, { kind: 'unanswered', isOutage: true }, at(400));
    expect(outage).toMatchObject({ phase: 'polling', tries: 3 });
  });
  test('is no poll in an outage, however many there are', () => {
    const outage = { kind: 'unanswered', isOutage: true } as const;
    expect(transition(polled, outage, at(4000))).toMatchObject({ phase: 'polling', tries: 0 });
    expect(transition(row('polling', { tries: 9, lastAskedAt: START + 310 * SECOND }), outage, at(4000))).toMatchObject(
      { phase: 'polling', tries: 9 },
    );
  });
});

describe('a refusal that no rule knows', () => {
  test('counts as a poll, and leaves the row in doubt', () => {
    expect(transition(row('polling', { tries: 5 }), EVENTS.doubted, at(10))).toMatchObject({
      phase: 'polling',
      tries: 6,
      eligibility: 'Yes',
      lastAskedAt: START + 10 * SECOND,
    });
  });
  test.each(['reconciling', 'joining'] as const)('is no try and has no deadline in %s', (phase) => {
    expect(transition(row(phase, { tries: 1 }), EVENTS.doubted, at(4000))).toMatchObject({
      phase,
      tries: 1,
      eligibility: 'Yes',
    });
  });
});

describe('balances', () => {
  test('are not waited for when they are off', () => {
    expect(transition(row('polling'), EVENTS.delivered, at(10, { balances: false })).phase).toBe('completed');
  });
  test('that failed twice are done without', () => {
    const once = transition(row('fetchingBalances'), EVENTS['balances-failed'], at(10));
    expect(once).toMatchObject({ phase: 'fetchingBalances', tries: 1 });
    expect(transition(once, EVENTS['balances-failed'], at(15))).toMatchObject({
      phase: 'completed',
      eligibility: null,
    });
  });
});

test.each(['Yes', 'No', 'YesWithModifications'] as const)('a refusal keeps its eligibility %s', (eligibility) => {
  expect(transition(row('polling'), { kind: 'refused', eligibility }, at(10)).eligibility).toBe(eligibility);
});

test.each(['ready', 'requesting', 'reconciling', 'joining', 'polling'] as const)(
  'a row that is given up in %s may be tried again by the client',
  (phase) => {
    expect(transition(row(phase), EVENTS['given-up'], at(10)).eligibility).toBe('Yes');
  },
);

test('tight budgets put the first poll off', () => {
  expect(transition(row('requesting'), { kind: 'accepted', tight: true }, at(0)).tries).toBe(3);
});
