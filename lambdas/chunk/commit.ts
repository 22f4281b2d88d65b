import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import { ConflictError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { RowError } from '../upstream/failures.ts';
import { openFrom, type Reservation } from '../upstream/rate-window.ts';
import type { AccountDetails } from '../upstream/session.ts';
import type { RowReport } from './calls.ts';
import {
  type ChunkKey,
  type ChunkOutcome,
  type ChunkState,
  isEmptyChange,
  mergeOutcome,
  type NextStep,
  NO_STALLS,
  type OutcomeChange,
} from './chunk.ts';
import { asStored } from './codec.ts';
import { type Blocker, nextDueAt } from './plan.ts';
import { isTerminal, type Row } from './row.ts';
import type { ChunkStore } from './store.ts';
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
  const adopted = new Set<number>();
  const errors = new Map<number, RowError>();
  const accounts = new Map<number, readonly AccountDetails[]>();
  for (const { row, at, event, error, sessionId, accounts: delivered } of reports) {
    const before = rows[row];
    if (!before) throw new RangeError(`the chunk has no row ${row}`);
    const after = transition(before, event, { now: at, acceptedAt: leased.acceptedAt, settings });
    rows[row] = after;
    if (sessionId !== undefined) sessions.set(row, sessionId);
    if (event.kind === 'adopted') adopted.add(row);
    if (delivered) accounts.set(row, delivered);
    if (after.phase === 'failed' && error) errors.set(row, error);
  }
  return { rows: asStored(rows, leased), sessions, adopted, errors, accounts };
}

/** One advance of a chunk, ready to be stored. */
export interface Advanced {
  readonly leased: ChunkState;
  readonly outcome: ChunkOutcome;
  readonly results: AdvanceResults;
  readonly blocked: ReadonlyMap<number, Blocker>;
  /** Null when the calls belonged to no rate window. */
  readonly reservation: Reservation | null;
}

/**
 * Writes what the calls of an advance have shown: OUTCOME → ACCOUNTS → STATE, which ends the lease. Then adds a
 * finished chunk to its batch.
 * @throws ConflictError when somebody else wrote the chunk meanwhile; nothing is lost, and a retry is safe
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
    ...NO_STALLS,
    dueAt,
    movedAt: now,
    changedAt: now,
  });
  if (!saved) throw new ConflictError('another worker wrote the chunk during its lease');
  countEnded(telemetry, leased.rows, results.rows);
  if (!finished) return { done: false, resumeAt: dueAt };
  await finishChunk(ports, leased.key);
  return { done: true };
}

/**
 * Skips the gap between two windows: a worker that wakes up there only has to come back, which costs three transitions.
 */
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

/** Lost races are rare: only an advance that outlives its lease can meet another one. */
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
  throw new ConflictError('other workers kept writing the outcome of the chunk');
}

function countEnded(telemetry: Telemetry, before: readonly Row[], after: readonly Row[]): void {
  const ended = (phase: Row['phase']): number =>
    after.filter((row, index) => row.phase === phase && before[index]?.phase !== phase).length;
  telemetry.count('RowCompleted', ended('completed'));
  telemetry.count('RowFailed', ended('failed'));
}
