import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LAST_TICK, notAfter, notBefore, type Timeline, tickFor, tickOf, timeOfTick } from '#lambdas/chunk/codec.ts';
import { START } from '#test/world/world.ts';

const DAY = 86_400_000;
const timelineOf = (deadline: number): Timeline => ({ origin: START, tick: tickFor(deadline) });
const timeline = timelineOf(DAY);

describe('the timeline of a chunk', () => {
  test('reaches a quarter beyond the deadline in ticks of 1.65 s', () => {
    expect(timeOfTick(timeline, LAST_TICK)).toBeCloseTo(START + DAY * 1.25, 3);
    expect(timeline.tick).toBeCloseTo(1648, 0);
  });

  test('never makes a wait shorter, nor longer than by a tick', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: DAY }), fc.integer({ min: DAY, max: 100 * DAY }), (offset, deadline) => {
        const own = timelineOf(deadline);
        const at = START + offset;
        // Rounding of a millionth of a tick is allowed, lest a time on the timeline move by one.
        const slack = own.tick * 2e-6 + 0.001;
        expect(notBefore(own, at)).toBeGreaterThanOrEqual(at - slack);
        expect(notBefore(own, at)).toBeLessThan(at + own.tick + slack);
        expect(notAfter(own, at)).toBeLessThanOrEqual(at + slack);
        expect(notAfter(own, at)).toBeGreaterThan(at - own.tick - slack);
      }),
    );
  });

  test('gives back what was stored, again and again, for deadlines of half a day and more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: LAST_TICK }),
        fc.integer({ min: DAY / 2, max: 100 * DAY }),
        (tick, deadline) => {
          const own = timelineOf(deadline);
          const at = timeOfTick(own, tick);
          expect(tickOf(own, at)).toBe(tick);
          expect(notBefore(own, at)).toBe(at);
          expect(notAfter(own, at)).toBe(at);
        },
      ),
    );
  });

  test('keeps times beyond its ends at its ends', () => {
    expect(notBefore(timeline, START - 1)).toBe(START);
    expect(notBefore(timeline, START + 2 * DAY)).toBe(timeOfTick(timeline, LAST_TICK));
  });
});
