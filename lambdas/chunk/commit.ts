import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import { ConflictError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { openFrom } from '../upstream/rate-window.ts';
import type { CallResults } from './calls.ts';
import { type ChunkOutcome, isEmptyChange, mergeOutcome, type OutcomeChange } from './content.ts';
import { type Blocker, nextDueAt } from './lease.ts';
import { isTerminal, type Row } from './row.ts';
import type { ChunkKey, ChunkState, Reservation } from './state.ts';
import type { Chunks } from './store.ts';
import type { NextStep } from './task.ts';

export interface ResultPorts extends FinishPorts {
  readonly settings: Settings;
}

/** Lost races are rare: only an advance that outlived its lease can meet another. */
const OUTCOME_TRIES = 5;

/**
 * Writes what the calls of an advance have shown: OUTCOME → ACCOUNTS → STATE, which releases the lease; a finished chunk is then added
 * to its batch's set.
 * @throws ConflictError when somebody else wrote the chunk in between; nothing is lost, and a retry is safe
 */
export async function saveResults(
  ports: ResultPorts,
  leased: ChunkState,
  known: ChunkOutcome,
  results: CallResults,
  blocked: ReadonlyMap<number, Blocker>,
  reservation: Reservation | null,
): Promise<NextStep> {
  const { chunks, clock, telemetry, settings } = ports;
  await saveOutcome(chunks, leased.key, known, results);
  if (results.accounts.size > 0) await chunks.saveAccounts(leased.key, leased.version, results.accounts);
  const now = clock.now();
  const rowsDueAt = nextDueAt(results.rows, blocked, now, settings);
  // A wake-up between two windows would only be told to come back a moment later, for three transitions more.
  const closing = 2 * settings.clockSkew + settings.waitStep;
  const isPutOff = reservation !== null && rowsDueAt > now;
  const dueAt = isPutOff ? openFrom(reservation, rowsDueAt, settings.clockSkew, closing) : rowsDueAt;
  const finished = results.rows.every(isTerminal);
  const saved = await chunks.saveState({
    ...leased,
    version: leased.version + 1,
    rows: results.rows,
    leasedUntil: null,
    stalls: 0,
    dueAt: finished ? now : Math.max(dueAt, now),
    movedAt: now,
    changedAt: now,
  });
  if (!saved) throw new ConflictError('the chunk was written by somebody else while it was leased');
  countEnded(telemetry, leased.rows, results.rows);
  if (!finished) return { done: false, resumeAt: Math.max(dueAt, now) };
  await finishChunk(ports, leased.key);
  return { done: true };
}

async function saveOutcome(chunks: Chunks, key: ChunkKey, known: ChunkOutcome, change: OutcomeChange): Promise<void> {
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
