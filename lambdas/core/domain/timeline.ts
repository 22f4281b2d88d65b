/**
 * The times of a chunk's rows are kept in two bytes each, as ticks since the batch was accepted. The range covers the batch's deadline
 * with a quarter to spare; later times are kept as the last tick. Rounding never makes a wait shorter: see `notBefore`, `notAfter`.
 */
export interface Timeline {
  /** Epoch milliseconds of tick 0. */
  readonly origin: number;
  /** Milliseconds a tick: 1.65 s for a deadline of 24 h. */
  readonly tick: number;
}

export const LAST_TICK = 0xffff;

/** The tick for batches with a deadline, both in milliseconds. */
export const tickFor = (batchDeadline: number): number => (batchDeadline * 1.25) / LAST_TICK;

const clamp = (tick: number): number => Math.min(Math.max(tick, 0), LAST_TICK);

export const timeOfTick = (timeline: Timeline, tick: number): number => timeline.origin + tick * timeline.tick;

/** The tick of a time that lies on the timeline. */
export const tickOf = (timeline: Timeline, at: number): number =>
  clamp(Math.round((at - timeline.origin) / timeline.tick));

/** The first time on the timeline at or after `at`. */
export const notBefore = (timeline: Timeline, at: number): number =>
  timeOfTick(timeline, clamp(Math.ceil((at - timeline.origin) / timeline.tick - 1e-6)));

/** The last time on the timeline at or before `at`. */
export const notAfter = (timeline: Timeline, at: number): number =>
  timeOfTick(timeline, clamp(Math.floor((at - timeline.origin) / timeline.tick + 1e-6)));
