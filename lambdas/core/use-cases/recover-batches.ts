import { mergeOutcome } from '../domain/chunk-outcome.ts';
import { type ChunkState, isFinished } from '../domain/chunk-state.ts';
import { type RowError, rowError } from '../domain/fi-failure.ts';
import { hasOpenIntent, isTerminal } from '../domain/row.ts';
import { transition } from '../domain/row-transition.ts';
import { timelineOf } from '../domain/timeline.ts';
import type { Batches, ChunkQueue, Chunks, ChunkTask, Clock, Journal, OpenBatches } from '../ports.ts';
import type { Settings } from '../settings.ts';

export interface RecoveryPorts {
  readonly openBatches: OpenBatches;
  readonly batches: Batches;
  readonly chunks: Chunks;
  readonly queue: ChunkQueue;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly settings: Settings;
}

/** A chunk that stands still in this generation is given up (`design.md`, "One way back"). */
const LAST_GENERATION = 5;

const GIVEN_UP = rowError('ProcessingFailed', 'The row could not be processed in time; submit it again.');
const GIVEN_UP_UNKNOWN = rowError(
  'ProcessingFailed',
  'The row could not be processed in time, and whether its FI request was is not known; look up FI Request Status by consentId before you submit it again.',
);

/**
 * The one way back: looks at every open batch and moves what stands still. A chunk that has not moved for the grace past its due time is
 * queued again under the next generation, each with twice the grace of the one before; it is given up in the last generation or past the batch's deadline. Heals lost messages, dead
 * executions and a crash between acceptance and queueing alike. Safe to run twice at once.
 */
export async function recoverBatches(ports: RecoveryPorts): Promise<void> {
  const { openBatches, batches, chunks, journal } = ports;
  for (const { organisationId, referenceId } of await openBatches.list()) {
    try {
      const batch = await batches.find(organisationId, referenceId);
      if (!batch) continue;
      const states = await chunks.states(batch);
      await recoverChunks(ports, states, batch.finishedChunks);
    } catch (error) {
      // One batch that cannot be read must not keep the others from being healed.
      journal.note('a batch could not be recovered', { organisationId, referenceId, error: String(error) });
    }
  }
}

async function recoverChunks(
  ports: RecoveryPorts,
  states: readonly ChunkState[],
  finishedChunks: ReadonlySet<number>,
): Promise<void> {
  const { batches, chunks, queue, clock, journal, settings } = ports;
  const now = clock.now();
  const tasks: ChunkTask[] = [];
  // A batch that is still open though all of it is finished lost its closing write.
  const isComplete = states.every(isFinished);
  for (const state of states) {
    if (isFinished(state)) {
      if (isComplete || !finishedChunks.has(state.key.chunk)) await batches.finishChunk(state.key, now);
      continue;
    }
    const isClaimed = state.claimedUntil !== null && state.claimedUntil > now;
    const isOverdue = state.dueAt + graceOf(state, settings) < now;
    const isPastDeadline = state.acceptedAt + settings.batchDeadline <= now;
    if (isClaimed || !(isOverdue || isPastDeadline)) continue;
    if (isPastDeadline || state.generation >= LAST_GENERATION) {
      await giveUp(ports, state, now);
      continue;
    }
    // The generation is written before the message goes out: the older one is dead from here on, and a lost message is found again.
    const next = { ...state, version: state.version + 1, generation: state.generation + 1, dueAt: now, movedAt: now };
    if (await chunks.saveState(next)) tasks.push({ ...state.key, generation: next.generation });
  }
  if (tasks.length === 0) return;
  const unsent = await queue.send(tasks);
  journal.count('ChunkRecovered', tasks.length);
  if (unsent.length > 0) journal.count('TaskUnsent', unsent.length);
}

/** The wait doubles with each generation: a chunk that only waits in a long queue must not be taken for a dead one five times over. */
const graceOf = ({ generation }: ChunkState, { recoveryGrace }: Settings): number =>
  recoveryGrace * 2 ** (generation - 1);

/** Ends the open rows of a chunk, FAILED and `Yes`. The errors are written first, so that no FAILED row is ever without one. */
async function giveUp(
  { batches, chunks, journal, settings }: RecoveryPorts,
  state: ChunkState,
  now: number,
): Promise<void> {
  const moment = { now, timeline: timelineOf(state.acceptedAt, settings.batchDeadline), settings };
  const rows = state.rows.map((row) => (isTerminal(row) ? row : transition(row, { kind: 'given-up' }, moment)));
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
    claimedUntil: null,
    reservation: null,
    dueAt: now,
    movedAt: now,
    rows,
  });
  if (!saved) return;
  journal.count('ChunkGivenUp');
  journal.count('RowFailed', errors.size);
  await batches.finishChunk(state.key, now);
}
