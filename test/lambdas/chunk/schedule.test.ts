import { describe, expect, test } from 'vitest';
import { deferredTries, dueAt } from '#lambdas/chunk/plan.ts';
import { newRow, type Row } from '#lambdas/chunk/row.ts';
import { type RowEvent, transition } from '#lambdas/chunk/transitions.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { START } from '#test/world/unit-worlds.ts';

const settings = readSettings({});
const seconds = (at: number): number => (at - START) / 1000;

/** The ages at which a row is polled when each poll brings the next of the events, and the last of them from there on. */
function agesOfPolls(tight: boolean, answers: readonly RowEvent[], environment: Record<string, string> = {}): number[] {
  const own = readSettings(environment);
  const context = (now: number) => ({ now, acceptedAt: START, settings: own });
  let row: Row = transition(newRow(START), { kind: 'intended' }, context(START));
  row = transition(row, { kind: 'accepted', tight }, context(START));
  const ages: number[] = [];
  while (row.phase === 'polling' && ages.length < 20) {
    const now = dueAt(row, own);
    const answer = answers[ages.length] ?? answers.at(-1);
    if (!answer) break;
    ages.push(seconds(now));
    row = transition(row, answer, context(now));
  }
  return ages;
}

const pending: RowEvent = { kind: 'pending' };
const unanswered: RowEvent = { kind: 'unanswered', isOutage: false };

describe('a session that never gets ready', () => {
  test.each([
    ['as the specification says', false, {}, [5, 15, 35, 75, 155, 300]],
    ['with a tight budget', true, {}, [75, 155, 300]],
    ['with a maximum interval', false, { POLL_MAXIMUM_SECONDS: '60' }, [5, 15, 35, 75, 135, 195, 255, 300]],
    ['with a short deadline', false, { POLL_DEADLINE_SECONDS: '12' }, [5, 12]],
    ['with a deadline before the deferred poll', true, { POLL_DEADLINE_SECONDS: '60' }, [60]],
    [
      'for an hour',
      false,
      { POLL_DEADLINE_SECONDS: '3600' },
      [5, 15, 35, 75, 155, 315, 615, 915, 1215, 1515, 1815, 2115, 2415, 2715, 3015, 3315, 3600],
    ],
  ])('is polled %s', (_, tight, environment, ages) => {
    expect(agesOfPolls(tight, [pending], environment)).toEqual(ages);
  });
});

describe('polls without an answer', () => {
  test('come as often as the others', () => {
    expect(agesOfPolls(false, [unanswered, unanswered, pending])).toEqual([5, 15, 35, 75, 155, 300]);
  });
  test('do not end the polling: the last one is repeated until it is answered', () => {
    const answers = [pending, pending, pending, pending, pending, unanswered, unanswered, pending];
    expect(agesOfPolls(false, answers)).toEqual([5, 15, 35, 75, 155, 300, 360, 420]);
  });
  test('put off the next by the interval of a deferred poll', () => {
    expect(agesOfPolls(true, [unanswered, pending])).toEqual([75, 155, 300]);
  });
});

test.each([
  ['75', 3],
  ['5', 0],
  ['16', 2],
])('the poll deferred to %s s is that after %i tries', (deferred, tries) => {
  const own = readSettings({ POLL_DEFERRED_SECONDS: deferred });
  expect(deferredTries({ ...settings, poll: own.poll })).toBe(tries);
});
