import { describe, expect, test } from 'vitest';
import type { LedgerChange } from '#lambdas/upstream/ledger.ts';
import type { RateLimit } from '#simulator/rate-window.ts';
import { explore } from './explore.ts';
import { type LedgerScope, playLedger } from './ledger-model.ts';

const MOST_STATES = 1_000_000;
const KINDS: Readonly<Record<string, Partial<RateLimit>>> = {
  'from the epoch on': {},
  shifted: { shiftSeconds: 25 },
  'from the first call on': { begins: 'first-call' },
  shorter: { windowSeconds: 30, shiftSeconds: 10 },
  longer: { windowSeconds: 120, shiftSeconds: 10 },
};

/** When the two workers come: both at once; one early, both late in a window; one late in a window and the other early in the next. */
const COMES: readonly LedgerScope['comesAt'][] = [
  [
    [5_000, 100_000, 115_000],
    [5_000, 100_000, 115_000],
  ],
  [
    [5_000, 50_000, 62_000],
    [30_000, 62_000, 118_000],
  ],
  [
    [5_000, 100_000],
    [110_000, 160_000],
  ],
];

const scopeOf = (kind: string, change: Partial<LedgerScope> = {}): LedgerScope => ({
  rateLimit: { limit: 40, windowSeconds: 60, ...KINDS[kind] },
  isExpected: kind === 'from the epoch on',
  comesAt: [[5_000], [5_000]],
  parts: 2,
  losses: 0,
  delays: 0,
  ownCalls: 0,
  ...change,
});

/** As much as is played with every run of the tests; `LEDGER_MODEL=whole` plays the rest. */
const DISTURBANCES: readonly Partial<LedgerScope>[] = [{}, { parts: 1 }, { losses: 1 }, { delays: 1 }, { ownCalls: 1 }];
const isWhole = process.env['LEDGER_MODEL'] === 'whole';
const SCOPES = Object.keys(KINDS).flatMap((kind) =>
  COMES.flatMap((comesAt, index) =>
    DISTURBANCES.flatMap((change, number): [string, Partial<LedgerScope>][] => {
      const isSmall = index > 0 || number === 1 || kind === 'from the epoch on';
      return isSmall || isWhole ? [[kind, { comesAt, ...change }]] : [];
    }),
  ),
);

describe('in every order of reads, writes, calls, answers and what is lost of them, no window goes over the limit', () => {
  test.each(SCOPES)('windows %s, %o', { timeout: 600_000 }, async (kind, change) => {
    const { states } = await explore((choose) => playLedger(scopeOf(kind, change), choose), MOST_STATES);
    expect(states).toBeGreaterThan(10);
  });
});

describe('a ledger is found out', () => {
  test.each<[string, string, number, number, (change: LedgerChange) => LedgerChange | null]>([
    [
      'that takes without a look at the room',
      'from the epoch on',
      0,
      2,
      (change) =>
        change.kind === 'take'
          ? { ...change, room: new Map([...change.room].map(([window]) => [window, { capacity: 99, others: 99 }])) }
          : change,
    ],
    ['that does not believe told ends', 'shifted', 2, 2, (change) => (change.kind === 'tell-end' ? null : change)],
    [
      'that takes an end for that of the next window',
      'from the first call on',
      0,
      2,
      (change) => (change.kind === 'tell-end' ? { ...change, window: change.window + 1 } : change),
    ],
    [
      'that gives back one token more',
      'from the epoch on',
      0,
      1,
      (change) => (change.kind === 'release' ? { ...change, tokens: change.tokens + 1 } : change),
    ],
  ])('%s', { timeout: 60_000 }, async (_, kind, comes, parts, changed) => {
    const scope = scopeOf(kind, { changed, parts, comesAt: COMES[comes] ?? [] });
    await expect(explore((choose) => playLedger(scope, choose), MOST_STATES)).rejects.toThrow('broken by the choices');
  });
});
