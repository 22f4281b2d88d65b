import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '#lambdas/upstream/ledger.ts';
import {
  capacityOf,
  endOf,
  heldNow,
  offerWindow,
  openFrom,
  type Reservation,
  windowAt,
} from '#lambdas/upstream/rate-window.ts';
import { aLedger, FIRST_WINDOW } from '#test/world/builders.ts';
import { START } from '#test/world/unit-worlds.ts';

const MINUTE = 60_000;
const SKEW = 2_000;
const NOW = START + 10_000;
const ledger = (change: Partial<Ledger> = {}): Ledger => aLedger({ epoch: 3, ...change });
const taken = (...tokens: readonly number[]): ReadonlyMap<number, number> =>
  new Map(tokens.map((each, index) => [FIRST_WINDOW + index, each]));
const offerOf = (each: Ledger, calls: number, now: number): Reservation => {
  const offer = offerWindow(each, calls, now, SKEW);
  if (!offer) throw new Error('no window has room');
  return offer;
};

describe('an offer', () => {
  test('is the current window while it has room', () => {
    expect(offerOf(ledger(), 250, NOW)).toEqual({
      window: FIRST_WINDOW,
      startsAt: START,
      endsAt: START + MINUTE,
      tokens: 250,
      tight: false,
      epoch: 3,
    });
  });

  test.each<[string, readonly number[], number, { startsAt: number; tokens: number }]>([
    ['fills the current window to 97 %', [720], 250, { startsAt: START, tokens: 250 }],
    ['is a part where not all fits', [730], 250, { startsAt: START, tokens: 240 }],
    ['is a part of 25 at least', [945], 250, { startsAt: START, tokens: 25 }],
    ['leaves fewer than 25 to others', [946], 250, { startsAt: START + MINUTE, tokens: 250 }],
    ['is less than 25 where no more is wanted', [960], 10, { startsAt: START, tokens: 10 }],
    ['is all of what is wanted or the next window, below 25', [961], 10, { startsAt: START + MINUTE, tokens: 10 }],
    ['fills later windows to 90 %', [970, 650], 250, { startsAt: START + MINUTE, tokens: 250 }],
    ['is a part of a later window', [970, 860], 250, { startsAt: START + MINUTE, tokens: 40 }],
    ['goes as far ahead as needed', [970, 900, 900, 900], 250, { startsAt: START + 4 * MINUTE, tokens: 250 }],
    ['is cut to what a window holds', [], 5000, { startsAt: START, tokens: 970 }],
  ])('%s', (_, tokens, calls, expected) => {
    expect(offerOf(ledger({ taken: taken(...tokens) }), calls, NOW)).toMatchObject(expected);
  });

  test('leaves out a window that is about to end', () => {
    expect(offerOf(ledger(), 10, START + MINUTE - 2 * SKEW - 1).startsAt).toBe(START);
    expect(offerOf(ledger(), 10, START + MINUTE - 2 * SKEW).startsAt).toBe(START + MINUTE);
  });

  test.each([
    ['until now', NOW, START],
    ['until the end of the window', START + MINUTE, START + MINUTE],
    ['until a worker whose clock is behind sees the next window', START + MINUTE + SKEW, START + MINUTE],
    ['into a later window: that is left out too', START + 2 * MINUTE + SKEW + 1, START + 3 * MINUTE],
  ])('keeps out of a block %s', (_, blockedUntil, startsAt) => {
    expect(offerOf(ledger({ blockedUntil }), 10, NOW).startsAt).toBe(startsAt);
  });

  test.each<[string, readonly number[], number, boolean]>([
    ['below 80 % of both', [699], 0, false],
    ['when the window before was 80 % used', [800], MINUTE, true],
    ['when it fills this one to 80 %', [700], 0, true],
    ['when only the window before that was', [900, 0], 2 * MINUTE, false],
  ])('is tight %s: %s', (_, tokens, later, tight) => {
    expect(offerOf(ledger({ taken: taken(...tokens) }), 100, NOW + later).tight).toBe(tight);
  });

  test.each([1, 2, 5, 10, 20, 26, 27])('comes to an end with a limit of %i too', (limit) => {
    const now = offerOf(ledger({ limit }), 250, NOW);
    expect(now).toMatchObject({ startsAt: START, tokens: Math.max(1, Math.floor(limit * 0.97)) });
    const next = offerOf(ledger({ limit, taken: taken(limit) }), 250, NOW);
    expect(next).toMatchObject({ startsAt: START + MINUTE, tokens: Math.max(1, Math.floor(limit * 0.9)) });
  });

  test('is none when a day of windows is full', () => {
    const full = (windows: number): Ledger => ledger({ taken: taken(...Array<number>(windows).fill(1000)) });
    expect(offerOf(full(1439), 10, NOW).startsAt).toBe(START + 1439 * MINUTE);
    expect(offerWindow(full(1440), 10, NOW, SKEW)).toBeNull();
  });

  test('keeps every window within its limit, whatever was asked for before', () => {
    const asks = fc.array(
      fc.record({ calls: fc.integer({ min: 1, max: 500 }), later: fc.integer({ min: 0, max: 30_000 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(asks, fc.integer({ min: 1, max: 1200 }), (history, limit) => {
        let now = NOW;
        const reserved = new Map<number, number>();
        for (const { calls, later } of history) {
          now += later;
          const { window, startsAt, endsAt, tokens } = offerOf(ledger({ limit, taken: reserved }), calls, now);
          const isAhead = window > windowAt(ledger(), now);
          reserved.set(window, (reserved.get(window) ?? 0) + tokens);
          expect(endsAt - startsAt).toBe(MINUTE);
          expect(endsAt).toBeGreaterThan(now + 2 * SKEW);
          expect(tokens).toBeGreaterThan(0);
          expect(reserved.get(window)).toBeLessThanOrEqual(Math.max(1, Math.floor(limit * (isAhead ? 0.9 : 0.97))));
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('windows', () => {
  const moved = ledger({ anchor: { window: 7, endsAt: START + 25_000, isTold: true } });

  test('follow one another from the end that is known', () => {
    expect([25_000 - 1, 25_000, 85_000 - 1, 85_000].map((into) => windowAt(moved, START + into))).toEqual([7, 8, 8, 9]);
    expect([6, 7, 9].map((window) => endOf(moved, window) - START)).toEqual([-35_000, 25_000, 145_000]);
  });

  test('are never earlier than the one whose end is known, by whatever clock', () => {
    expect(windowAt(moved, START - 10 * MINUTE)).toBe(7);
  });

  test('may have a length that is no whole number, as where time is scaled', () => {
    const scaled = ledger({ length: 1234.5, anchor: { window: 0, endsAt: 0.25, isTold: true } });
    const numbers = Array.from({ length: 100 }, (_, step) => windowAt(scaled, 0.25 + step * 1234.5));
    expect(numbers).toEqual(numbers.map((_, step) => step + 1));
  });

  test('have less room by the calls of others', () => {
    const otherCalls = new Map([[FIRST_WINDOW, 900]]);
    expect(offerOf(ledger({ taken: taken(30), otherCalls }), 250, NOW)).toMatchObject({
      window: FIRST_WINDOW,
      tokens: 40,
    });
  });

  test('hold 97 % now and 90 % ahead, and one call at least', () => {
    expect(capacityOf(ledger(), false)).toBe(970);
    expect(capacityOf(ledger(), true)).toBe(900);
    expect(capacityOf(ledger({ limit: 1 }), true)).toBe(1);
  });
});

describe('a reservation from before', () => {
  const held = { window: FIRST_WINDOW, startsAt: START, endsAt: START + MINUTE, tokens: 9, tight: false, epoch: 3 };
  const anchor = { window: FIRST_WINDOW, endsAt: START + 90_000, isTold: true };
  test.each<[string, Partial<Ledger>, number, boolean]>([
    ['is good within its window', {}, NOW, true],
    ['is good before its window', {}, START - MINUTE, true],
    ['is good to nearly the end of its window', {}, START + MINUTE - 2 * SKEW - 1, true],
    ['is over with its window', {}, START + MINUTE - 2 * SKEW, false],
    ['is good for longer when its window ends later', { anchor }, START + MINUTE, true],
    ['is over when the upstream is in a later window', { anchor: { ...anchor, window: FIRST_WINDOW + 1 } }, NOW, false],
    ['is void when the limit became lower', { epoch: 4 }, NOW, false],
    ['waits for no block that is over', { blockedUntil: NOW }, NOW, true],
    ['is void when something blocks it', { blockedUntil: NOW + 1 }, NOW, false],
    ['stands a block that ends before it begins', { blockedUntil: START + SKEW }, START - MINUTE, true],
  ])('%s', (_, change, now, good) => {
    expect(heldNow(held, ledger(change), now, SKEW) !== null).toBe(good);
  });

  test('moves with its window', () => {
    const before = { ...anchor, window: FIRST_WINDOW - 2 };
    expect(heldNow(held, ledger({ anchor: before }), NOW, SKEW)).toEqual({
      ...held,
      startsAt: START + 150_000,
      endsAt: START + 210_000,
    });
  });
});

describe('a moment to come back at', () => {
  const window = { startsAt: START, endsAt: START + MINUTE };
  const CLOSING = 5_000;
  test.each<[string, number, number]>([
    ['stays within a window', 30_000, 30_000],
    ['stays where calls may just begin', SKEW, SKEW],
    ['is put off from the first moments of a window', 0, SKEW],
    ['stays where a window is about to close', MINUTE - CLOSING, MINUTE - CLOSING],
    ['is put off from the last moments of a window', MINUTE - CLOSING + 1, MINUTE + SKEW],
    ['is put off in a window that is far ahead', 5 * MINUTE - 1, 5 * MINUTE + SKEW],
    ['is put off in a window that is past', -1, SKEW],
    ['is never, where there is nothing to do', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('%s', (_, into, expected) => {
    expect(openFrom(window, START + into, SKEW, CLOSING)).toBe(START + expected);
  });

  test('is one at which a window is offered whose calls start at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * MINUTE }), (into) => {
        const at = openFrom(window, START + into, SKEW, CLOSING);
        expect(at).toBeGreaterThanOrEqual(START + into);
        const offer = offerWindow(ledger(), 1, at, SKEW);
        expect((offer?.startsAt ?? Number.NaN) + SKEW).toBeLessThanOrEqual(at);
      }),
    );
  });
});
