import type { Settings } from '../settings.ts';
import { dueAt } from './due.ts';
import { isTerminal, newRow, type Row, type RowStatus, statusOf } from './row.ts';

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
}

/** All that changes about a chunk, in one item; its rows' sessions and errors are in the chunk's outcome. */
export interface ChunkState {
  readonly key: ChunkKey;
  /** Counts the writes; every write is on the condition that it is still the one that was read. */
  readonly version: number;
  /** Counts how often the chunk was queued; advances of an older generation end at once. */
  readonly generation: number;
  /** When the batch was accepted, epoch milliseconds. */
  readonly acceptedAt: number;
  readonly movedAt: number;
  /** When the chunk should move next. Past it by the recovery's grace, the chunk is queued again. */
  readonly dueAt: number;
  /** Somebody is advancing the chunk, and until this time nobody else may; null when nobody is. */
  readonly claimedUntil: number | null;
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
export function newChunk(key: ChunkKey, rejected: readonly boolean[], acceptedAt: number): ChunkState {
  const ready = newRow(acceptedAt);
  const refused: Row = { ...ready, phase: 'failed', eligibility: 'YesWithModifications' };
  return {
    key,
    version: 1,
    generation: 1,
    acceptedAt,
    movedAt: acceptedAt,
    dueAt: acceptedAt,
    claimedUntil: null,
    reservation: null,
    rows: rejected.map((isRejected) => (isRejected ? refused : ready)),
  };
}

export const isFinished = (state: ChunkState): boolean => state.rows.every(isTerminal);

/** When the earliest of the rows is due; `Infinity` when all are terminal. */
export const rowsDueAt = (rows: readonly Row[], settings: Settings): number =>
  rows.reduce((earliest, row) => Math.min(earliest, dueAt(row, settings)), Number.POSITIVE_INFINITY);
