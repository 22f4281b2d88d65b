import { describe, expect, test } from 'vitest';
import { callsOf, planActions, withinTokens } from '#lambdas/chunk/plan.ts';
import type { Row } from '#lambdas/chunk/row.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { aRow as row } from '#test/world/builders.ts';
import { START } from '#test/world/unit-worlds.ts';

const settings = readSettings({});
const SECOND = 1000;
const later = (seconds: number): number => START + seconds * SECOND;

describe('what is due', () => {
  test.each<[string, Row, number, string | null]>([
    ['a new row', row('ready'), 0, 'request'],
    ['a row that waits for its next attempt', row('ready', { notBefore: later(30) }), 29, null],
    ['the same when the wait is over', row('ready', { notBefore: later(30) }), 30, 'request'],
    ['a row whose answer was lost', row('reconciling'), 29, null],
    ['the same after 30 s', row('reconciling'), 30, 'reconcile'],
    ['a session', row('polling'), 4, null],
    ['a session of 5 s', row('polling'), 5, 'poll'],
    ['data without balances', row('fetchingBalances'), 0, 'balance'],
    ['balances that failed once', row('fetchingBalances', { tries: 1 }), 4, null],
    ['the same after 5 s', row('fetchingBalances', { tries: 1 }), 5, 'balance'],
    ['a row under way', row('requesting'), 100_000, null],
    ['a completed row', row('completed'), 100_000, null],
    ['a failed row', row('failed'), 100_000, null],
  ])('%s', (_, each, seconds, kind) => {
    expect(planActions([each], later(seconds), settings)).toEqual(
      kind === null ? [] : [{ row: 0, kind, calls: kind === 'poll' ? 2 : 1 }],
    );
  });

  test('is ordered: FI requests, then what has waited, then polls that would most likely hear “pending”', () => {
    const rows = [
      row('polling'),
      row('polling', { tries: 1, lastAskedAt: later(5) }),
      row('ready'),
      row('fetchingBalances'),
      row('completed'),
      row('polling'),
      row('reconciling'),
      row('ready'),
    ];
    // Of those that have waited: balances since the beginning, the poll since second 15, the look-up since second 30.
    expect(planActions(rows, later(60), settings).map((action) => action.row)).toEqual([2, 7, 3, 1, 6, 0, 5]);
  });

  test('has rows that were tried before behind those that have been due for longer', () => {
    const rows = [row('ready', { attempt: 2, notBefore: later(30) }), row('ready'), row('ready')];
    expect(planActions(rows, later(60), settings).map((action) => action.row)).toEqual([1, 2, 0]);
  });

  test('counts one call for a poll when balances are off', () => {
    expect(planActions([row('polling')], later(60), { ...settings, balances: false })).toEqual([
      { row: 0, kind: 'poll', calls: 1 },
    ]);
  });
});

describe('what the tokens allow', () => {
  const poll = (index: number) => ({ row: index, kind: 'poll', calls: 2 }) as const;
  const request = (index: number) => ({ row: index, kind: 'request', calls: 1 }) as const;

  test.each([
    ['all', [request(0), poll(1)], 3, [0, 1]],
    ['the first', [request(0), request(1), request(2)], 2, [0, 1]],
    ['none out of turn', [request(0), poll(1), request(2)], 2, [0]],
    ['one at least', [poll(0), request(1)], 1, [0]],
    ['nothing of nothing', [], 5, []],
  ])('%s', (_, actions, tokens, rows) => {
    expect(withinTokens(actions, tokens).map((action) => action.row)).toEqual(rows);
    expect(callsOf(actions)).toBe(actions.reduce((sum, { calls }) => sum + calls, 0));
  });
});
