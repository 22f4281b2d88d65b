import pMap from 'p-map';
import { type Batch, sumCounters } from '../batch/batch.ts';
import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import { findBatch, type OpenBatches } from '../batch/store.ts';
import type { Settings } from '../platform/settings.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { type RowError, rowError } from '../upstream/failures.ts';
import { mergeOutcome } from './content.ts';
import { countersOf, hasOpenIntent, isTerminal } from './row.ts';
import { type ChunkState, isFinished } from './state.ts';
import type { ChunkQueue, ChunkTask } from './task.ts';
import { transition } from './transitions.ts';

export interface RecoveryPorts extends FinishPorts {
  readonly openBatches: OpenBatches;
  readonly queue: ChunkQueue;
  readonly settings: Settings;
}

/**
 * A chunk that was queued again so often without getting anywhere is given up: one that never moved is then in generation 5 (`design.md`,
 * "One way back").
 */
const MOST_STALLS = 4;

/** Enough to keep the processor busy, which then bounds how many open batches a minute is enough for (`docs/scale.md`). */
const BATCHES_AT_ONCE = 10;

const GIVEN_UP = rowError('ProcessingFailed', 'The row could not be processed in time; submit it again.');
const GIVEN_UP_UNKNOWN = rowError(
  'ProcessingFailed',
  'The row could not be processed in time, and whether its FI request was is not known; look up FI Request Status by consentId before you submit it again.',
);

/**
 * The one way back: looks at every open batch and moves what stands still. A chunk that has not moved for the grace past its due time is
 * queued again under the next generation, each time after twice the grace; it is given up when that has not helped four times, or past the batch's deadline. Heals lost messages, dead
 * executions and a crash between acceptance and queueing alike. Safe to run twice at once.
 */
export async function recoverBatches(ports: RecoveryPorts): Promise<void> {
  const { openBatches, batches, chunks, clock, telemetry } = ports;
  const work = openWork(clock.now());
  const recover = async ({ organisationId, referenceId }: Pick<Batch, 'organisationId' | 'referenceId'>) => {
    try {
      const batch = await findBatch(batches, organisationId, referenceId, clock.now());
      if (!batch) return;
      const states = await chunks.states(batch);
      work.add(batch, states);
      await recoverChunks(ports, states, batch.finishedChunks);
    } catch (error) {
      // One batch that cannot be read must not keep the others from being healed.
      telemetry.warn('a batch could not be recovered', { organisationId, referenceId, error: String(error) });
    }
  };
  await pMap(await openBatches.list(), recover, { concurrency: BATCHES_AT_ONCE });
  work.report(telemetry);
}

async function recoverChunks(
  ports: RecoveryPorts,
  states: readonly ChunkState[],
  finishedChunks: ReadonlySet<number>,
): Promise<void> {
  const { chunks, queue, clock, telemetry, settings } = ports;
  const now = clock.now();
  const tasks: ChunkTask[] = [];
  // A batch that is still open though all of it is finished lost its closing write.
  const isComplete = states.every(isFinished);
  for (const state of states) {
    if (isFinished(state)) {
      if (isComplete || !finishedChunks.has(state.key.chunk)) await finishChunk(ports, state.key);
      continue;
    }
    const isLeased = state.leasedUntil !== null && state.leasedUntil > now;
    const isOverdue = Math.max(state.dueAt, state.movedAt) + graceOf(state, settings) < now;
    const isPastDeadline = state.acceptedAt + settings.batchDeadline <= now;
    if (isLeased || !(isOverdue || isPastDeadline)) continue;
    if (isPastDeadline || state.stalls >= MOST_STALLS) {
      await giveUp(ports, state, now);
      continue;
    }
    // The generation is written before the message goes out: the older one is dead from here on, and a lost message is found again.
    const next: ChunkState = {
      ...state,
      version: state.version + 1,
      generation: state.generation + 1,
      stalls: state.stalls + 1,
      dueAt: now,
      movedAt: now,
    };
    if (await chunks.saveState(next)) tasks.push({ ...state.key, generation: next.generation });
  }
  if (tasks.length === 0) return;
  const unsent = await queue.send(tasks);
  telemetry.count('ChunkRecovered', tasks.length);
  if (unsent.length > 0) telemetry.count('TaskUnsent', unsent.length);
}

/** The wait doubles each time: a chunk that only waits in a long queue must not be taken for a dead one five times over. */
const graceOf = ({ stalls }: ChunkState, { recoveryGrace }: Settings): number => recoveryGrace * 2 ** stalls;

/** Ends the open rows of a chunk, FAILED and `Yes`. The errors are written first, so that no FAILED row is ever without one. */
async function giveUp(ports: RecoveryPorts, state: ChunkState, now: number): Promise<void> {
  const { chunks, telemetry, settings } = ports;
  const context = { now, acceptedAt: state.acceptedAt, settings };
  const rows = state.rows.map((row) => (isTerminal(row) ? row : transition(row, { kind: 'given-up' }, context)));
  const errors = new Map(
    state.rows.flatMap((row, index): [number, RowError][] =>
      isTerminal(row) || rows[index]?.phase !== 'failed'
        ? []
        : [[index, hasOpenIntent(row) ? GIVEN_UP_UNKNOWN : GIVEN_UP]],
    ),
  );
  const outcome = await chunks.outcome(state.key);
  if (!(await chunks.saveOutcome(state.key, mergeOutcome(outcome, { sessions: new Map(), errors })))) return;
  const saved = await chunks.saveState({
    ...state,
    version: state.version + 1,
    leasedUntil: null,
    reservation: null,
    dueAt: now,
    movedAt: now,
    changedAt: now,
    rows,
  });
  if (!saved) return;
  telemetry.count('ChunkGivenUp');
  telemetry.count('RowFailed', errors.size);
  await finishChunk(ports, state.key);
}

/** What recovery sees of the work under way: how much there is of it, and how long the oldest has been waiting. */
export interface OpenWork {
  add(batch: Pick<Batch, 'acceptedAt'>, states: readonly ChunkState[]): void;
  /** Journals it, also when there is nothing: that figure says that somebody has looked. */
  report(telemetry: Telemetry): void;
}

/** @param now epoch milliseconds, up to which ages count */
export function openWork(now: number): OpenWork {
  let batches = 0;
  let oldestAt = now;
  let counters = sumCounters([]);
  let overdue = 0;
  return {
    add: ({ acceptedAt }, states) => {
      batches += 1;
      oldestAt = Math.min(oldestAt, acceptedAt);
      counters = sumCounters([counters, ...states.map(({ rows }) => countersOf(rows))]);
      for (const state of states) {
        // A leased chunk is due when its lease is over, so it counts only where that time has passed.
        if (!isFinished(state)) overdue = Math.max(overdue, now - Math.max(state.dueAt, state.movedAt));
      }
    },
    report: (telemetry) => {
      telemetry.gauge('OpenBatches', batches);
      telemetry.gauge('OldestBatchSeconds', (now - oldestAt) / 1000);
      telemetry.gauge('OverdueChunkSeconds', overdue / 1000);
      telemetry.gauge('ReadyRows', counters.READY);
      telemetry.gauge('RowsInProgress', counters.IN_PROGRESS);
    },
  };
}
