import type { RequestParameters, SubmittedRow } from '../batch/submission.ts';
import type { Settings } from '../platform/settings.ts';
import type { RowError } from '../upstream/failures.ts';
import type { Reservation } from '../upstream/rate-window.ts';
import { isTerminal, newRow, type Row } from './row.ts';

/** Names one chunk: consecutive rows of a batch, as many as the batch's `chunkRows`. Chunks count from 0. */
export interface ChunkKey {
  readonly organisationId: string;
  readonly referenceId: string;
  readonly batchId: string;
  readonly chunk: number;
}

/** What the chunk queue and the state machine carry. */
export interface ChunkTask extends ChunkKey {
  readonly generation: number;
}

/** How an advance leaves a chunk: done, or due again at `resumeAt` (epoch milliseconds). */
export type NextStep = { readonly done: true } | { readonly done: false; readonly resumeAt: number };

/**
 * Everything that changes about a chunk, in one item. Its rows' sessions and errors are in its outcome. Times are epoch
 * milliseconds.
 */
export interface ChunkState {
  readonly key: ChunkKey;
  /** Counts writes. Every write is conditional on the version that was read. */
  readonly version: number;
  /** Counts how often the chunk was queued. Advances of an older generation end at once. */
  readonly generation: number;
  /** How often recovery has queued the chunk since it last made progress. */
  readonly stalls: number;
  /**
   * How many of those count against it: an advance had begun and got nowhere, or others moved while it didn't. The rest
   * may be nobody's fault but the workers' absence.
   */
  readonly ownStalls: number;
  /** When the batch was accepted. */
  readonly acceptedAt: number;
  /**
   * The resolution of the rows' stored times, in milliseconds. Stored, so that a changed setting moves no recorded
   * time.
   */
  readonly tick: number;
  /** When the state was last written. */
  readonly movedAt: number;
  /** When a row last changed. */
  readonly changedAt: number;
  /** When the chunk should move next. Once it's overdue by the recovery grace, recovery queues it again. */
  readonly dueAt: number;
  /** Until when only the worker that leased the chunk may advance it; null when nobody holds it. */
  readonly leasedUntil: number | null;
  readonly reservation: Reservation | null;
  readonly rows: readonly Row[];
}

/** A chunk that has made progress. */
export const NO_STALLS = { stalls: 0, ownStalls: 0 } as const;

/** A row's times are stored as a number of ticks in two bytes. */
export const LAST_TICK = 0xffff;

/** Milliseconds per tick: covers a batch's deadline with a quarter to spare. 1.65 s for a deadline of 24 h. */
export const tickFor = (batchDeadline: number): number => (batchDeadline * 1.25) / LAST_TICK;

/** A chunk at the acceptance of its batch. Rejected rows failed validation and are never sent. */
export function newChunk(
  key: ChunkKey,
  rejected: readonly boolean[],
  acceptedAt: number,
  { batchDeadline }: Settings,
): ChunkState {
  const ready = newRow(acceptedAt);
  const failed: Row = { ...ready, phase: 'failed', eligibility: 'YesWithModifications' };
  return {
    key,
    version: 1,
    generation: 1,
    ...NO_STALLS,
    acceptedAt,
    tick: tickFor(batchDeadline),
    movedAt: acceptedAt,
    changedAt: acceptedAt,
    dueAt: acceptedAt,
    leasedUntil: null,
    reservation: null,
    rows: rejected.map((isRejected) => (isRejected ? failed : ready)),
  };
}

/** Whether an advance has begun since recovery queued the chunk, which makes it due at once. */
export const hasBegun = ({ dueAt, movedAt }: ChunkState): boolean => dueAt > movedAt;

export const isFinished = (state: ChunkState): boolean => state.rows.every(isTerminal);

/** One row as submitted: its own parameters, null where none were sent. */
export interface InputRow extends SubmittedRow {
  /** The nearest earlier row of the batch (from 0) with the same consent, or null. */
  readonly previous: number | null;
}

/** What a chunk was submitted with. Written once. */
export interface ChunkInput {
  readonly defaults: RequestParameters;
  /** Rows per chunk in this batch; the last chunk may have fewer. */
  readonly chunkRows: number;
  readonly rows: readonly InputRow[];
}

/**
 * For each row the index of the nearest earlier row with the same consent (GUIDs compare without case), or null.
 * A row whose consent is null is never sent, so it precedes nobody.
 */
export function previousOccurrences(consentIds: readonly (string | null)[]): (number | null)[] {
  const last = new Map<string, number>();
  return consentIds.map((consentId, index) => {
    if (consentId === null) return null;
    const key = consentId.toLowerCase();
    const previous = last.get(key) ?? null;
    last.set(key, index);
    return previous;
  });
}

/** Sessions and errors that came up, by the row's index in the chunk. */
export interface OutcomeChange {
  readonly sessions: ReadonlyMap<number, string>;
  /** Rows whose session was found by look-up. Any other came with the answer to the row's own FI request. */
  readonly adopted: ReadonlySet<number>;
  readonly errors: ReadonlyMap<number, RowError>;
}

/** What is known of a chunk's rows beyond their state. */
export interface ChunkOutcome extends OutcomeChange {
  /** Counts writes; 0 for an outcome that was never written. */
  readonly version: number;
}

export const NO_OUTCOME: ChunkOutcome = { version: 0, sessions: new Map(), adopted: new Set(), errors: new Map() };

export const isEmptyChange = ({ sessions, errors }: OutcomeChange): boolean => sessions.size === 0 && errors.size === 0;

/**
 * Merges what an advance found into what is stored. A stored session is never replaced, nor how it was found; a row's
 * newest error counts.
 */
export const mergeOutcome = (stored: ChunkOutcome, change: OutcomeChange): ChunkOutcome => ({
  version: stored.version + 1,
  sessions: new Map([...change.sessions, ...stored.sessions]),
  adopted: new Set([...stored.adopted, ...[...change.adopted].filter((row) => !stored.sessions.has(row))]),
  errors: new Map([...stored.errors, ...change.errors]),
});
