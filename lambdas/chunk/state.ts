import type { Settings } from '../platform/settings.ts';
import { tickFor } from './codec.ts';
import { isTerminal, newRow, type Row } from './row.ts';

/** Names one chunk: consecutive rows of a batch, as many as the batch's `chunkRows`; chunks are counted from 0. */
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

/** All that changes about a chunk, in one item; its rows' sessions and errors are in the chunk's outcome. Times are epoch milliseconds. */
export interface ChunkState {
  readonly key: ChunkKey;
  /** Counts the writes; every write is on the condition that it is still the one that was read. */
  readonly version: number;
  /** Counts how often the chunk was queued; advances of an older generation end at once. */
  readonly generation: number;
  /** How often recovery has queued the chunk since it last got anywhere. */
  readonly stalls: number;
  /** When the batch was accepted. */
  readonly acceptedAt: number;
  /** The resolution of the rows' times as they are stored (`codec.ts`). Kept here, so that a changed setting moves no time that was recorded. */
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
