import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import type { ItemKey } from '../platform/keys.ts';
import { PHASES, RETRY_ELIGIBILITIES, ROW_STATUSES, type Row } from './row.ts';
import { type ChunkState, countersOf, timelineOf } from './state.ts';

/**
 * Rows are kept as columns of bytes, deflated: phase, eligibility and attempt in one byte, round in one, two times of two bytes.
 * 250 rows are 1,500 bytes before and typically under 200 after; they stay under 2 KB at worst (`design.md`, table).
 */
const ROW_BYTES = 6;
const LARGEST_ROUND = 255;

const stateItem = z.object({
  version: z.number().int(),
  generation: z.number().int(),
  stalls: z.number().int(),
  /** When the batch was accepted. Not called so here: `acceptedAt` is a key of the index, and a text. */
  origin: z.number(),
  tick: z.number().positive(),
  movedAt: z.number(),
  changedAt: z.number(),
  dueAt: z.number(),
  /** When the lease ends, under the name that it has had from the first stored item on. */
  claimedUntil: z.number().optional(),
  reservation: z
    .object({ startsAt: z.number(), endsAt: z.number(), tokens: z.number(), tight: z.boolean(), epoch: z.number() })
    .optional(),
  counters: z.array(z.number().int().nonnegative()).length(ROW_STATUSES.length),
  rows: z.instanceof(Uint8Array),
});

/** The item of a chunk's state. The counters are computed here from the rows they are stored with, and nowhere else. */
export function toStateItem(state: ChunkState, key: ItemKey, expiresAt: number): object {
  const { version, generation, stalls, acceptedAt, tick, movedAt, changedAt, dueAt, leasedUntil, reservation, rows } =
    state;
  const counters = countersOf(rows);
  return {
    ...key,
    version,
    generation,
    stalls,
    origin: acceptedAt,
    tick,
    movedAt,
    changedAt,
    dueAt,
    ...(leasedUntil === null ? {} : { claimedUntil: leasedUntil }),
    ...(reservation === null ? {} : { reservation }),
    counters: ROW_STATUSES.map((status) => counters[status]),
    rows: deflateRawSync(packRows(rows, timelineOf(state)), { level: 9 }),
    expiresAt,
  };
}

/** @throws Error when the item is not a chunk's state, or its counters are not those of its rows */
export function fromStateItem(item: unknown, key: ChunkState['key']): ChunkState {
  const parsed = stateItem.parse(item);
  const rows = unpackRows(inflateRawSync(parsed.rows), { origin: parsed.origin, tick: parsed.tick });
  const counters = countersOf(rows);
  if (ROW_STATUSES.some((status, index) => parsed.counters[index] !== counters[status])) {
    throw new Error(`the counters of chunk ${key.chunk} of batch ${key.batchId} are not those of its rows`);
  }
  const { version, generation, stalls, origin, tick, movedAt, changedAt, dueAt } = parsed;
  return {
    key,
    version,
    generation,
    stalls,
    acceptedAt: origin,
    tick,
    movedAt,
    changedAt,
    dueAt,
    leasedUntil: parsed.claimedUntil ?? null,
    reservation: parsed.reservation ?? null,
    rows,
  };
}

function packRows(rows: readonly Row[], timeline: Timeline): Uint8Array {
  const bytes = Buffer.alloc(rows.length * ROW_BYTES);
  rows.forEach((row, index) => {
    const eligibility = row.eligibility === null ? 0 : RETRY_ELIGIBILITIES.indexOf(row.eligibility) + 1;
    bytes[index] = PHASES.indexOf(row.phase) | (eligibility << 3) | ((row.attempt - 1) << 5);
    bytes[rows.length + index] = Math.min(row.round, LARGEST_ROUND);
    bytes.writeUInt16BE(tickOf(timeline, row.requestedAt), rows.length * 2 + index * 2);
    bytes.writeUInt16BE(tickOf(timeline, row.touchedAt), rows.length * 4 + index * 2);
  });
  return bytes;
}

function unpackRows(bytes: Buffer, timeline: Timeline): Row[] {
  const count = bytes.length / ROW_BYTES;
  if (!Number.isInteger(count)) throw new Error('the rows of a chunk are cut short');
  return Array.from({ length: count }, (_, index): Row => {
    const flags = bytes.readUInt8(index);
    const phase = PHASES[flags & 0b111];
    if (!phase) throw new Error('a row is in a phase that does not exist');
    const eligibility = (flags >> 3) & 0b11;
    return {
      phase,
      eligibility: RETRY_ELIGIBILITIES[eligibility - 1] ?? null,
      attempt: (flags >> 5) + 1,
      round: bytes.readUInt8(count + index),
      requestedAt: timeOfTick(timeline, bytes.readUInt16BE(count * 2 + index * 2)),
      touchedAt: timeOfTick(timeline, bytes.readUInt16BE(count * 4 + index * 2)),
    };
  });
}

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
