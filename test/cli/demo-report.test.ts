import { describe, expect, test } from 'vitest';
import { addReadings } from '#cli/demo-readings.ts';
import { countFailures, type DemoEvidence, duration, formatReport, promisesOf } from '#cli/demo-report.ts';
import { Meter } from '#local/meter.ts';

const record = (id: number, consent_id: string, error: { code: string; message: string } | null = null) => ({
  id,
  consent_id,
  status: error === null ? ('COMPLETED' as const) : ('FAILED' as const),
  retry_eligible: error === null ? null : ('No' as const),
  error,
});
const REVOKED = {
  code: 'ConsentRevoked',
  message: 'The consent is revoked. The consent is not active; ask for a new one.',
};
const records = [record(1, 'A', REVOKED), record(2, 'b'), record(3, 'c', REVOKED)];
const summary = { total: 3, ready: 0, in_progress: 0, completed: 1, failed: 2 };
const called = (consentId: string, fiRequests = 1) => ({ consentId, fiRequests, sessions: 1 });
const evidence: DemoEvidence = {
  summary,
  records,
  calls: ['a', 'b', 'c'].map((consentId) => called(consentId)),
  stats: { fiRequests: 3, statusCalls: 0, balanceCalls: 0, rejected429: 0, windowsOverLimit: 0 },
  kills: 0,
};
const kept = (changed: Partial<DemoEvidence>) => promisesOf({ ...evidence, ...changed }).map((promise) => promise.kept);

describe('the promises', () => {
  test('are kept, and say by what', () => {
    expect(promisesOf({ ...evidence, kills: 4 }).map(({ text }) => text)).toEqual([
      'Accepted means processed: 3 of 3 rows have ended',
      'No consent is spent twice: 3 FI requests for 3 rows, at most 1 FI request a row',
      "FinPro's rate limit is kept: 0 windows over the limit, 0 calls refused",
      'Nothing is lost: the product was killed 4 times with SIGKILL in the middle, and went on',
    ]);
    expect(kept({ kills: 4 })).toEqual([true, true, true, true]);
  });

  test('are each seen broken', () => {
    expect(kept({ summary: { ...summary, completed: 0, in_progress: 1 }, kills: 1 })).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(kept({ calls: [called('a', 2)], kills: 1 })).toEqual([true, false, true, false]);
    expect(kept({ stats: { ...evidence.stats, windowsOverLimit: 1 } })).toEqual([true, true, false]);
  });

  test('a consent that stands in two rows is asked for twice', () => {
    expect(kept({ records: [...records, record(4, 'B')], calls: [called('b', 2)] })).toEqual([true, true, true]);
  });
});

test('the last screen: rows, failures with what to do, promises, time, price and what is next', () => {
  const meter = new Meter();
  meter.call('sqs', 'SendMessage', 4);
  meter.add('states.transition', 1000);
  const report = {
    status: { batch_status: 'COMPLETED' as const, summary, pagination: { has_next: false }, records },
    failures: countFailures(records),
    promises: promisesOf({ ...evidence, stats: { ...evidence.stats, windowsOverLimit: 2 } }),
    isSample: true,
    elapsed: 60_000,
    timeScale: 0.02,
    meter: addReadings([meter.read(), meter.read()]),
    kills: 0,
    units: false,
  };
  expect(formatReport(report).split('\n')).toEqual([
    '',
    'COMPLETED: 1 of 3 rows completed, 2 failed',
    'FinPro is simulated, and fails some of this sample on purpose:',
    '  rows  code            retry  what to do',
    '     2  ConsentRevoked  No     The consent is not active; ask for a new one.',
    '',
    'Promises',
    '  ✓ Accepted means processed: 3 of 3 rows have ended',
    '  ✓ No consent is spent twice: 3 FI requests for 3 rows, at most 1 FI request a row',
    "  ✗ NOT KEPT: FinPro's rate limit is kept: 2 windows over the limit, 0 calls refused",
    '',
    'Took 60.0 s at time scale 0.02, which is 50 min 0 s at scale 1',
    expect.stringMatching(
      /^AWS list price: \$0\.0570 in ap-south-1, \$0\.0500 in us-east-1 \(\S+; --units shows for what\)$/,
    ),
    '',
    'Next: npm start                 keeps the product running, and prints calls to make',
    '      npm run demo -- --kill    kills the product in the middle, several times',
  ]);
  expect(formatReport(report)).not.toContain('states.transition');
  expect(formatReport({ ...report, units: true })).toMatch(
    / 8 {2}sqs {2}SendMessage[\s\S]* 2000\.0 {2}states\.transition/,
  );
});

test.each([
  [0.4, '0 s'],
  [59.6, '1 min 0 s'],
  [61, '1 min 1 s'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
