import pMap from 'p-map';
import { type Batch, sumCounters } from '../batch/batch.ts';
import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import { findBatch, type OpenBatches } from '../batch/store.ts';
import type { Settings } from '../platform/settings.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { type RowError, rowError } from '../upstream/failures.ts';
import { type ChunkState, type ChunkTask, hasBegun, isFinished, mergeOutcome, NO_OUTCOME } from './chunk.ts';
import { countersOf, hasOpenIntent, isTerminal } from './row.ts';
import type { ChunkQueue } from './store.ts';
import { transition } from './transitions.ts';

export interface RecoveryPorts extends FinishPorts {
  readonly openBatches: OpenBatches;
  readonly queue: ChunkQueue;
  readonly settings: Settings;
}

/** A chunk that was queued again this often without progress, by its own fault, is given up. */
const MAX_STALLS = 4;

/** The grace doubles up to this often, 32 minutes: while no workers are there, each chunk is queued 45 times a day. */
const MAX_DOUBLINGS = 4;

/** When a worker was last seen to move a chunk, epoch milliseconds: kept from one run of a container to the next. */
export interface WorkersSeen {
  movedAt: number;
}

/** Enough to keep the processor busy, which bounds how many open batches one minute is enough for (docs/scale.md). */
const CONCURRENT_BATCHES = 10;

const GIVEN_UP = rowError('ProcessingFailed', 'Timed out; submit the row again.');
const GIVEN_UP_UNKNOWN = rowError(
  'ProcessingFailed',
  "Timed out. We don't know whether the FI request was sent; check FI Request Status by consentId before resubmitting.",
);

/**
 * The one way back: looks at every open batch and moves chunks that stand still. A chunk that hasn't moved for a grace
 * period past its due time is queued again under the next generation; the grace doubles each time
 * (docs/decisions/0001-recovery-grace-doubles.md). After four times without progress by its own fault
 * (docs/decisions/0019-a-stall-counts-where-workers-are.md), or past the batch's deadline, it is given up. This heals
 * lost messages, dead executions and a crash between acceptance and queueing alike. Safe to run concurrently.
 */
export async function recoverBatches(ports: RecoveryPorts, workers: WorkersSeen = { movedAt: 0 }): Promise<void> {
  const { openBatches, batches, chunks, clock, telemetry } = ports;
  const work = openWork(clock.now());
  const recover = async ({ organisationId, referenceId }: Pick<Batch, 'organisationId' | 'referenceId'>) => {
    try {
      const batch = await findBatch(batches, organisationId, referenceId, clock.now());
      if (!batch) return;
      const states = await chunks.states(batch);
      work.add(batch, states);
      workers.movedAt = Math.max(workers.movedAt, ...states.filter(isMovedByWorker).map(({ movedAt }) => movedAt));
      await recoverChunks(ports, states, batch.finishedChunks, workers);
    } catch (error) {
      // A batch that can't be read must not keep the others from recovering.
      telemetry.warn('could not recover a batch', { organisationId, referenceId, error: String(error) });
    }
  };
  await pMap(await openBatches.list(), recover, { concurrency: CONCURRENT_BATCHES, stopOnError: false });
  work.report(telemetry);
}

async function recoverChunks(
  ports: RecoveryPorts,
  states: readonly ChunkState[],
  finishedChunks: ReadonlySet<number>,
  workers: WorkersSeen,
): Promise<void> {
  const { chunks, queue, clock, telemetry, settings } = ports;
  const now = clock.now();
  const tasks: ChunkTask[] = [];
  // A batch that is still open although all its chunks are finished has lost its closing write.
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
    if (isPastDeadline || state.ownStalls >= MAX_STALLS) {
      await giveUp(ports, state, now);
      continue;
    }
    // Written before the message goes out: the older generation ends here, and a lost message is found again.
    const isOwn = hasBegun(state) || workers.movedAt > state.movedAt;
    const next: ChunkState = {
      ...state,
      version: state.version + 1,
      generation: state.generation + 1,
      stalls: state.stalls + 1,
      ownStalls: state.ownStalls + (isOwn ? 1 : 0),
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

/** Doubles each time: a chunk that merely waits in a long queue must not count as dead five times over. */
const graceOf = ({ stalls }: ChunkState, { recoveryGrace }: Settings): number =>
  recoveryGrace * 2 ** Math.min(stalls, MAX_DOUBLINGS);

/** Whether an advance has written the state last, rather than acceptance or recovery. */
const isMovedByWorker = (state: ChunkState): boolean => state.version > 1 && (state.stalls === 0 || hasBegun(state));

/** Ends the open rows of a chunk, FAILED and `Yes`. Writes the errors first, so that every FAILED row has one. */
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
  if (!(await chunks.saveOutcome(state.key, mergeOutcome(outcome, { ...NO_OUTCOME, errors })))) return;
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

/** The open work that recovery sees: how much, and how long the oldest has waited. */
export interface OpenWork {
  add(batch: Pick<Batch, 'acceptedAt'>, states: readonly ChunkState[]): void;
  /** Reports it, also when it's zero, which shows that recovery has run. */
  report(telemetry: Telemetry): void;
}

/** @param now ages count up to here, epoch milliseconds */
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
        // A leased chunk is due when its lease ends, so it only counts after that.
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
