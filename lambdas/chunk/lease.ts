import type { Settings } from '../platform/settings.ts';
import type { ChunkState } from './chunk.ts';
import { asStored } from './codec.ts';
import type { Action } from './plan.ts';
import { transition } from './transitions.ts';

/**
 * Recovers rows from a lease that ended with its worker: a stored session is adopted; otherwise the row is reconciled,
 * which is due now.
 */
export function withoutLostLease(
  stored: ChunkState,
  sessions: ReadonlyMap<number, string>,
  now: number,
  settings: Settings,
): ChunkState {
  if (!stored.rows.some(({ phase }) => phase === 'requesting')) return stored;
  const { acceptedAt } = stored;
  const lastCallAt = (stored.leasedUntil ?? now) - settings.reconcileDelay;
  const rows = stored.rows.map((row, index) => {
    if (row.phase !== 'requesting') return row;
    return sessions.has(index)
      ? transition(row, { kind: 'adopted' }, { now, acceptedAt, settings })
      : transition(row, { kind: 'answer-lost' }, { now: lastCallAt, acceptedAt, settings });
  });
  return { ...stored, rows: asStored(rows, stored), leasedUntil: null };
}

/** Leases a chunk for the planned calls. Records the intent of each FI request before anything is sent. */
export function takeLease(
  state: ChunkState,
  planned: readonly Action[],
  leasedUntil: number,
  now: number,
  settings: Settings,
): ChunkState {
  const { acceptedAt } = state;
  const requested = new Set(planned.filter(({ kind }) => kind === 'request').map(({ row }) => row));
  return {
    ...state,
    version: state.version + 1,
    leasedUntil,
    reservation: null,
    dueAt: leasedUntil,
    movedAt: now,
    rows: state.rows.map((row, index) =>
      requested.has(index) ? transition(row, { kind: 'intended' }, { now, acceptedAt, settings }) : row,
    ),
  };
}
