import type { Settings } from '../platform/settings.ts';
import { asStored } from './codec.ts';
import type { Action } from './plan.ts';
import type { ChunkState } from './state.ts';
import { transition } from './transitions.ts';

/** Rows whose lease died with the function: their session may have been stored; otherwise it has to be asked for, which is due now. */
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

/** The chunk as it is leased for the calls: the intent of each FI request is recorded before anything is sent. */
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
