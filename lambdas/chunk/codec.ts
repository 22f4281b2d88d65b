import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import type { ItemKey } from '../platform/keys.ts';
import { type ChunkState, LAST_TICK } from './chunk.ts';
import { countersOf, isUnsent, PHASES, RETRY_ELIGIBILITIES, ROW_STATUSES, type Row } from './row.ts';

/**
 * The format of the item. Items stored before formats had numbers are of format 1, whose reservations had no number of
 * their window and are void.
 */
const FORMAT = 2;

/**
 * Rows are stored as deflated columns of bytes: one for phase, eligibility and attempt, one for tries, and two times of
 * two bytes each. 250 rows take 1,500 bytes before deflating and typically under 200 after. A test checks that the item
 * never exceeds 2 KB.
 */
const ROW_BYTES = 6;
const MAX_STORED_TRIES = 255;

const stateItem = z.object({
  format: z.union([z.literal(1), z.literal(FORMAT)]).default(1),
  version: z.number().int(),
  generation: z.number().int(),
  stalls: z.number().int(),
  /** Absent: all of them, as before there were others. */
  ownStalls: z.number().int().optional(),
  /** When the batch was accepted. `acceptedAt` itself is a key of the index, and a string. */
  origin: z.number(),
  tick: z.number().positive(),
  movedAt: z.number(),
  changedAt: z.number(),
  dueAt: z.number(),
  /** When the lease ends. The attribute has its name from the first release. */
  claimedUntil: z.number().optional(),
  reservation: z
    .object({
      window: z.number().int().optional(),
      startsAt: z.number(),
      endsAt: z.number(),
      tokens: z.number(),
      tight: z.boolean(),
      epoch: z.number(),
    })
    .transform(({ window, ...reservation }) => (window === undefined ? null : { window, ...reservation }))
    .nullable()
    .default(null),
  counters: z.array(z.number().int().nonnegative()).length(ROW_STATUSES.length),
  rows: z.instanceof(Uint8Array),
});

/** The item of a chunk's state. Only here are counters computed, from the rows that they're stored with. */
export function toStateItem(state: ChunkState, key: ItemKey, expiresAt: number): object {
  const { key: _, acceptedAt, leasedUntil, reservation, rows, ownStalls, ...stored } = state;
  const counters = countersOf(rows);
  return {
    ...key,
    format: FORMAT,
    ...stored,
    ...(ownStalls === stored.stalls ? {} : { ownStalls }),
    origin: acceptedAt,
    ...(leasedUntil === null ? {} : { claimedUntil: leasedUntil }),
    ...(reservation === null ? {} : { reservation }),
    counters: ROW_STATUSES.map((status) => counters[status]),
    rows: deflateRawSync(packRows(rows, state), { level: 9 }),
    expiresAt,
  };
}

/** @throws Error when the item isn't a chunk's state, or its counters don't match its rows */
export function fromStateItem(item: unknown, key: ChunkState['key']): ChunkState {
  const {
    format: _,
    counters: stored,
    origin: acceptedAt,
    claimedUntil,
    reservation,
    ownStalls,
    rows: packed,
    ...state
  } = stateItem.parse(item);
  const rows = unpackRows(inflateRawSync(packed), { acceptedAt, tick: state.tick });
  const counters = countersOf(rows);
  if (ROW_STATUSES.some((status, index) => stored[index] !== counters[status])) {
    throw new Error(`the counters of chunk ${key.chunk} of batch ${key.batchId} do not match its rows`);
  }
  return {
    ...state,
    ownStalls: ownStalls ?? state.stalls,
    key,
    acceptedAt,
    leasedUntil: claimedUntil ?? null,
    reservation,
    rows,
  };
}

/**
 * Times are stored as ticks since acceptance; times past the last tick as the last one. Rounding never shortens a wait:
 * times that waits count from round up, and the time of an FI request whose answer isn't known rounds down.
 */
type Resolution = Pick<ChunkState, 'acceptedAt' | 'tick'>;

/** Ticks that differ by less than this are equal: they are computed with fractions. */
const ROUNDING_ERROR = 1e-6;

const tickOf = (at: number, { acceptedAt, tick }: Resolution, round: 'up' | 'down'): number => {
  const ticks = (at - acceptedAt) / tick;
  const whole = round === 'up' ? Math.ceil(ticks - ROUNDING_ERROR) : Math.floor(ticks + ROUNDING_ERROR);
  return Math.min(Math.max(whole, 0), LAST_TICK);
};

const timeOf = (ticks: number, { acceptedAt, tick }: Resolution): number => acceptedAt + ticks * tick;

interface StoredTimes {
  readonly requested: number;
  /** `notBefore` or `lastAskedAt`: each phase has only one of the two. */
  readonly other: number;
}

const ticksOf = (row: Row, resolution: Resolution): StoredTimes => {
  const isAnswered = row.phase !== 'requesting' && row.phase !== 'reconciling';
  return {
    requested: tickOf(row.requestedAt, resolution, isAnswered ? 'up' : 'down'),
    other: tickOf(isUnsent(row) ? row.notBefore : row.lastAskedAt, resolution, 'up'),
  };
};

const timesOf = (
  { requested, other }: StoredTimes,
  resolution: Resolution,
): Pick<Row, 'requestedAt' | 'lastAskedAt' | 'notBefore'> => {
  const at = timeOf(other, resolution);
  return { requestedAt: timeOf(requested, resolution), lastAskedAt: at, notBefore: at };
};

/**
 * Rows as they will be read back. What is due next is computed from these, so that nobody wakes up a tick too early.
 */
export const asStored = (rows: readonly Row[], resolution: Resolution): Row[] =>
  rows.map((row) => ({
    ...row,
    tries: Math.min(row.tries, MAX_STORED_TRIES),
    ...timesOf(ticksOf(row, resolution), resolution),
  }));

function packRows(rows: readonly Row[], resolution: Resolution): Uint8Array {
  const bytes = Buffer.alloc(rows.length * ROW_BYTES);
  rows.forEach((row, index) => {
    const eligibility = row.eligibility === null ? 0 : RETRY_ELIGIBILITIES.indexOf(row.eligibility) + 1;
    const { requested, other } = ticksOf(row, resolution);
    bytes[index] = PHASES.indexOf(row.phase) | (eligibility << 3) | ((row.attempt - 1) << 5);
    bytes[rows.length + index] = Math.min(row.tries, MAX_STORED_TRIES);
    bytes.writeUInt16BE(requested, rows.length * 2 + index * 2);
    bytes.writeUInt16BE(other, rows.length * 4 + index * 2);
  });
  return bytes;
}

function unpackRows(bytes: Buffer, resolution: Resolution): Row[] {
  const count = bytes.length / ROW_BYTES;
  if (!Number.isInteger(count)) throw new Error('the rows of a chunk are truncated');
  return Array.from({ length: count }, (_, index): Row => {
    const flags = bytes.readUInt8(index);
    const phase = PHASES[flags & 0b111];
    if (!phase) throw new Error('a row has an unknown phase');
    const times = {
      requested: bytes.readUInt16BE(count * 2 + index * 2),
      other: bytes.readUInt16BE(count * 4 + index * 2),
    };
    return {
      phase,
      eligibility: RETRY_ELIGIBILITIES[((flags >> 3) & 0b11) - 1] ?? null,
      attempt: (flags >> 5) + 1,
      tries: bytes.readUInt8(count + index),
      ...timesOf(times, resolution),
    };
  });
}
