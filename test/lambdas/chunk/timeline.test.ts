import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tickFor } from '#lambdas/chunk/chunk.ts';
import { asStored } from '#lambdas/chunk/codec.ts';
import type { Row } from '#lambdas/chunk/row.ts';
import { aRow, mustExist } from '#test/world/builders.ts';
import { START } from '#test/world/unit-worlds.ts';

const DAY = 86_400_000;
const deadlines = fc.integer({ min: DAY / 2, max: 100 * DAY });
const offsets = fc.integer({ min: 0, max: DAY / 2 });
const resolutionOf = (deadline: number) => ({ acceptedAt: START, tick: tickFor(deadline) });
const storedOnce = (row: Row, deadline = DAY): Row => mustExist(asStored([row], resolutionOf(deadline))[0]);

describe('the times of a row as they are stored', () => {
  test('are on ticks of 1.65 s for a deadline of a day', () => {
    expect(tickFor(DAY)).toBeCloseTo(1648, 0);
  });

  test('never make a wait shorter, nor longer than by a tick', () => {
    fc.assert(
      fc.property(offsets, deadlines, (offset, deadline) => {
        const at = START + offset;
        // Rounding of a millionth of a tick is allowed, lest a time on a tick move by one.
        const slack = tickFor(deadline) * 2e-6 + 0.001;
        const isAtMostATickLater = (time: number): void => {
          expect(time).toBeGreaterThanOrEqual(at - slack);
          expect(time).toBeLessThan(at + tickFor(deadline) + slack);
        };
        isAtMostATickLater(storedOnce(aRow('ready', { notBefore: at }), deadline).notBefore);
        isAtMostATickLater(storedOnce(aRow('polling', { lastAskedAt: at }), deadline).lastAskedAt);
        isAtMostATickLater(storedOnce(aRow('polling', { requestedAt: at }), deadline).requestedAt);
        for (const phase of ['requesting', 'reconciling'] as const) {
          const { requestedAt } = storedOnce(aRow(phase, { requestedAt: at }), deadline);
          expect(requestedAt, 'an intent is not later than the truth').toBeLessThanOrEqual(at + slack);
          expect(requestedAt).toBeGreaterThan(at - tickFor(deadline) - slack);
        }
      }),
    );
  });

  test('stay as they are when they are stored again, in whatever phase', () => {
    const phases = fc.constantFrom('ready', 'requesting', 'reconciling', 'polling', 'fetchingBalances', 'failed');
    fc.assert(
      fc.property(phases, offsets, offsets, deadlines, (phase, requested, other, deadline) => {
        const times = { requestedAt: START + requested, lastAskedAt: START + other, notBefore: START + other };
        const once = storedOnce(aRow(phase, times), deadline);
        expect(storedOnce(once, deadline)).toEqual(once);
      }),
    );
  });

  test('beyond the ends of what fits are stored as the ends', () => {
    const last = START + DAY * 1.25;
    expect(storedOnce(aRow('ready', { notBefore: START - 1 })).notBefore).toBe(START);
    expect(storedOnce(aRow('ready', { notBefore: START + 2 * DAY })).notBefore).toBeCloseTo(last, 3);
  });
});
