import type { Settings } from '../platform/settings.ts';
import { type Timeline, tickFor } from './codec.ts';
import { isTerminal, newRow, type Row, type RowStatus, statusOf } from './row.ts';
import { dueAt } from './schedule.ts';

/** Names one chunk: 250 consecutive rows of a batch, counted from 0. */
export interface ChunkKey {
  readonly organisationId: string;
  readonly referenceId: string;
  readonly batchId: string;
  readonly chunk: number;
}

/** Calls to the upstream that the budget allows this chunk, and the window (epoch milliseconds) in which they start. */
export interface Reservation {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tokens: number;
  /** The window before was nearly used up: what can wait should. */
  readonly tight: boolean;
  /** The ledger's epoch; a reservation of an earlier one is void. */
  readonly epoch: number;
}

/** All that changes about a chunk, in one item; its rows' sessions and errors are in the chunk's outcome. */
export interface ChunkState {
  readonly key: ChunkKey;
  /** Counts the writes; every write is on the condition that it is still the one that was read. */
  readonly version: number;
  /** Counts how often the chunk was queued; advances of an older generation end at once. */
  readonly generation: number;
  /** How often recovery has queued the chunk since it last got anywhere. */
  readonly stalls: number;
  /** When the batch was accepted, epoch milliseconds. */
  readonly acceptedAt: number;
  /** Milliseconds a tick of the rows' timeline. Kept here, so that a changed setting moves no time that was recorded. */
  readonly tick: number;
  /** When the state was last written, and when a row last changed. */
  readonly movedAt: number;
  readonly changedAt: number;
  /** When the chunk should move next. Past it by the recovery's grace, the chunk is queued again. */
  readonly dueAt: number;
  /** Somebody is advancing the chunk, and until this time nobody else may; null when nobody is. */
  readonly leasedUntil: number | null;
  readonly reservation: Reservation | null;
  readonly rows: readonly Row[];
}

export type Counters = Readonly<Record<RowStatus, number>>;

export const NO_ROWS: Counters = { READY: 0, IN_PROGRESS: 0, COMPLETED: 0, FAILED: 0 };

/** How many rows have each status. They always add up to the number of rows. */
export function countersOf(rows: readonly Row[]): Counters {
  const counters = { ...NO_ROWS };
  for (const row of rows) counters[statusOf(row)] += 1;
  return counters;
}

export const addCounters = (a: Counters, b: Counters): Counters => ({
  READY: a.READY + b.READY,
  IN_PROGRESS: a.IN_PROGRESS + b.IN_PROGRESS,
  COMPLETED: a.COMPLETED + b.COMPLETED,
  FAILED: a.FAILED + b.FAILED,
});

/** A chunk as it stands when its batch is accepted. Rows that are `rejected` failed validation and are never sent. */
export function newChunk(
  key: ChunkKey,
  rejected: readonly boolean[],
  acceptedAt: number,
  { batchDeadline }: Settings,
): ChunkState {
  const ready = newRow(acceptedAt);
  const refused: Row = { ...ready, phase: 'failed', eligibility: 'YesWithModifications' };
  return {
    key,
    version: 1,
    generation: 1,
    stalls: 0,
    acceptedAt,
    tick: tickFor(batchDeadline),
    movedAt: acceptedAt,
    changedAt: acceptedAt,
    dueAt: acceptedAt,
    leasedUntil: null,
    reservation: null,
    rows: rejected.map((isRejected) => (isRejected ? refused : ready)),
  };
}

export const isFinished = (state: ChunkState): boolean => state.rows.every(isTerminal);

/** The timeline that the rows' times lie on. */
export const timelineOf = ({ acceptedAt, tick }: ChunkState): Timeline => ({ origin: acceptedAt, tick });

/** Rows that fall due within this share of the wait for the first are waited for. */
const SHARE_OF_WAIT = 0.25;

/**
 * When the chunk is to be advanced for its rows; `Infinity` when all are terminal. Rows due shortly after the first are waited for: their waits
 * are minimums, and each round costs transitions and writes. The longer the first has to wait, the longer they may be waited for, since a slow
 * upstream spreads the rows of a chunk over more time.
 */
export function rowsDueAt(rows: readonly Row[], now: number, settings: Settings): number {
  const times = rows.map((row) => dueAt(row, settings));
  const first = times.reduce((earliest, time) => Math.min(earliest, time), Number.POSITIVE_INFINITY);
  if (first <= now || first === Number.POSITIVE_INFINITY) return first;
  const reach = Math.max(settings.poll.first, (first - now) * SHARE_OF_WAIT);
  const together = times.filter((time) => time <= first + reach);
  return together.reduce((latest, time) => Math.max(latest, time), first);
}
