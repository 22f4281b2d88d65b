import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import { ConflictError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { AccountDetails } from '../upstream/accounts.ts';
import type { RowError } from '../upstream/failures.ts';
import { openFrom } from '../upstream/rate-window.ts';
import type { RowReport } from './calls.ts';
import { asStored } from './codec.ts';
import { type ChunkOutcome, isEmptyChange, mergeOutcome, type OutcomeChange } from './content.ts';
import type { Blocker } from './duplicates.ts';
import { nextDueAt } from './plan.ts';
import { isTerminal, type Row } from './row.ts';
import type { ChunkKey, ChunkState, Reservation } from './state.ts';
import type { ChunkStore } from './store.ts';
import type { NextStep } from './task.ts';
import { transition } from './transitions.ts';

/** What the calls of one advance have changed, by row of the chunk. */
export interface AdvanceResults extends OutcomeChange {
  readonly rows: readonly Row[];
  readonly accounts: ReadonlyMap<number, readonly AccountDetails[]>;
}

/** Applies what calls have shown to the rows of a leased chunk. Pure. */
export function foldReports(leased: ChunkState, reports: readonly RowReport[], settings: Settings): AdvanceResults {
  const rows = [...leased.rows];
  const sessions = new Map<number, string>();
  const errors = new Map<number, RowError>();
  const accounts = new Map<number, readonly AccountDetails[]>();
  for (const { row, at, event, error, sessionId, accounts: delivered } of reports) {
    const before = rows[row];
    if (!before) throw new RangeError(`the chunk has no row ${row}`);
    const after = transition(before, event, { now: at, acceptedAt: leased.acceptedAt, settings });
    rows[row] = after;
    if (sessionId !== undefined) sessions.set(row, sessionId);
    if (delivered) accounts.set(row, delivered);
    if (after.phase === 'failed' && error) errors.set(row, error);
  }
  return { rows: asStored(rows, leased), sessions, errors, accounts };
}

/** What a commit needs to know beside the results. */
export interface Advanced {
  readonly leased: ChunkState;
  readonly outcome: ChunkOutcome;
  readonly results: AdvanceResults;
  readonly blocked: ReadonlyMap<number, Blocker>;
  /** Null where the calls were in no rate window. */
  readonly reservation: Reservation | null;
}

/**
 * Writes what the calls of an advance have shown: OUTCOME → ACCOUNTS → STATE, which ends the lease; a finished chunk is then added
 * to its batch's set.
 * @throws ConflictError when somebody else wrote the chunk in between; nothing is lost, and a retry is safe
 */
export async function commit(
  ports: FinishPorts & { readonly settings: Settings },
  { leased, outcome, results, blocked, reservation }: Advanced,
): Promise<NextStep> {
  const { chunks, clock, telemetry, settings } = ports;
  await saveOutcome(chunks, leased.key, outcome, results);
  if (results.accounts.size > 0) await chunks.saveAccounts(leased.key, leased.version, results.accounts);
  const now = clock.now();
  const finished = results.rows.every(isTerminal);
  const dueAt = finished ? now : Math.max(dueAfter(results.rows, blocked, reservation, now, settings), now);
  const saved = await chunks.saveState({
    ...leased,
    version: leased.version + 1,
    rows: results.rows,
    leasedUntil: null,
    stalls: 0,
    dueAt,
    movedAt: now,
    changedAt: now,
  });
  if (!saved) throw new ConflictError('the chunk was written by somebody else while it was leased');
  countEnded(telemetry, leased.rows, results.rows);
  if (!finished) return { done: false, resumeAt: dueAt };
  await finishChunk(ports, leased.key);
  return { done: true };
}

/** A wake-up between two windows would only be told to come back a moment later, for three transitions more. */
function dueAfter(
  rows: readonly Row[],
  blocked: ReadonlyMap<number, Blocker>,
  reservation: Reservation | null,
  now: number,
  settings: Settings,
): number {
  const dueAt = nextDueAt(rows, blocked, now, settings);
  if (reservation === null || dueAt <= now) return dueAt;
  return openFrom(reservation, dueAt, settings.clockSkew, 2 * settings.clockSkew + settings.waitStep);
}

/** Lost races are rare: only an advance that outlived its lease can meet another. */
const OUTCOME_TRIES = 5;

async function saveOutcome(
  chunks: ChunkStore,
  key: ChunkKey,
  known: ChunkOutcome,
  change: OutcomeChange,
): Promise<void> {
  if (isEmptyChange(change)) return;
  let stored = known;
  for (let tries = 0; tries < OUTCOME_TRIES; tries += 1) {
    if (await chunks.saveOutcome(key, mergeOutcome(stored, change))) return;
    stored = await chunks.outcome(key);
  }
  throw new ConflictError('the outcome of the chunk kept being written by somebody else');
}

function countEnded(telemetry: Telemetry, before: readonly Row[], after: readonly Row[]): void {
  const ended = (phase: Row['phase']): number =>
    after.filter((row, index) => row.phase === phase && before[index]?.phase !== phase).length;
  telemetry.count('RowCompleted', ended('completed'));
  telemetry.count('RowFailed', ended('failed'));
}
