import { describe, expect, test } from 'vitest';
import { type FiStatus, isOurSession, outcomeOf } from '#lambdas/upstream/session.ts';
import { account } from '#test/world/consent-behaviour.ts';

const status = (eventStatus: string, fiStatuses: readonly string[] = []): FiStatus => ({
  sessionId: '7b863266-fcae-478b-906d-4d69e818fe18',
  eventStatus,
  timestamp: null,
  consentId: null,
  dataFetchDate: null,
  accounts: fiStatuses.map((fiStatus, index) => account(index, fiStatus)),
});

describe('what the status of a session means', () => {
  test.each<[string, string[]]>([
    ['DATA_READY', ['DELIVERED']],
    ['DATA_READY', ['READY', 'DELIVERED']],
    ['DATA_READY', ['DELIVERED', 'DENIED']],
    ['DATA_READY', []],
    ['TIMEOUT', ['DELIVERED', 'TIMEOUT']],
    ['TIMEOUT', ['READY', 'PENDING', 'DENIED']],
  ])('%s with %j is delivered', (eventStatus, accounts) => {
    expect(outcomeOf(status(eventStatus, accounts))).toEqual({ kind: 'delivered' });
  });

  test.each<[string, string[]]>([
    ['PENDING', []],
    ['PENDING', ['PENDING', 'DELIVERED']],
    ['PENDING', ['DENIED', 'PENDING']],
    ['SOMETHING_NEW', ['DELIVERED']],
    ['', []],
    ['data_ready', ['DELIVERED']],
  ])('%j with %j is pending', (eventStatus, accounts) => {
    expect(outcomeOf(status(eventStatus, accounts))).toEqual({ kind: 'pending' });
  });

  test.each<[string, string[], string, string]>([
    ['TIMEOUT', [], 'Yes', 'DataFetchTimeout'],
    ['TIMEOUT', ['TIMEOUT', 'TIMEOUT'], 'Yes', 'DataFetchTimeout'],
    ['TIMEOUT', ['TIMEOUT', 'DENIED', 'PENDING'], 'Yes', 'DataFetchTimeout'],
    ['TIMEOUT', ['DENIED', 'DENIED'], 'No', 'DataDenied'],
    ['DATA_READY', ['DENIED'], 'No', 'DataDenied'],
    ['DATA_DENIED', [], 'No', 'DataDenied'],
    ['DATA_DENIED', ['DELIVERED'], 'No', 'DataDenied'],
    ['SESSION_FAILED', [], 'Yes', 'SessionFailed'],
    ['SESSION_EXPIRED', [], 'Yes', 'SessionExpired'],
  ])('%s with %j ends the row: %s, %s', (eventStatus, accounts, eligibility, code) => {
    expect(outcomeOf(status(eventStatus, accounts))).toMatchObject({
      kind: 'ended',
      eligibility,
      error: { code, message: expect.stringMatching(/.+/) },
    });
  });

  test('every account denied is the end, whatever the session still waits for', () => {
    expect(outcomeOf(status('PENDING', ['DENIED', 'DENIED']))).toMatchObject({ kind: 'ended', eligibility: 'No' });
  });
});

describe('a session found by consent', () => {
  const REQUESTED_AT = 1_800_000_000_000;
  const TOLERANCE = 120_000;
  const found = (times: Partial<FiStatus>): FiStatus => ({ ...status('PENDING'), ...times });
  const isOurs = (times: Partial<FiStatus>, held: readonly string[] = []): boolean =>
    isOurSession(found(times), REQUESTED_AT, TOLERANCE, new Set(held));

  test.each<[string, Partial<FiStatus>, boolean]>([
    ['changed after the intent', { timestamp: REQUESTED_AT + 1 }, true],
    ['changed 120 s before the intent', { timestamp: REQUESTED_AT - 120_000 }, true],
    ['changed earlier', { timestamp: REQUESTED_AT - 120_001 }, false],
    ['fetched after the intent', { dataFetchDate: REQUESTED_AT + 1 }, true],
    ['fetched 120 s before the intent', { dataFetchDate: REQUESTED_AT - 120_000 }, true],
    ['fetched earlier', { dataFetchDate: REQUESTED_AT - 120_001 }, false],
    ['fetched long ago, changed lately', { dataFetchDate: 0, timestamp: REQUESTED_AT }, true],
    ['changed long ago, fetched lately', { dataFetchDate: REQUESTED_AT, timestamp: 0 }, true],
    ['both long ago', { dataFetchDate: 0, timestamp: 0 }, false],
    ['without a time: in doubt it is', {}, true],
  ])('%s', (_, times, expected) => {
    expect(isOurs(times)).toBe(expected);
  });

  test('is not ours when another row of the batch holds it, however it is spelled', () => {
    expect(
      isOurs({ sessionId: '7B863266-FCAE-478B-906D-4D69E818FE18' }, ['7b863266-fcae-478b-906d-4d69e818fe18']),
    ).toBe(false);
    expect(isOurs({}, ['84001bb6-b1d0-4443-aeff-dd482255a058'])).toBe(true);
  });
});
