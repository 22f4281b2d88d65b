import { type Batch, sumCounters } from '../domain/batch.ts';
import { type ChunkState, countersOf, isFinished } from '../domain/chunk-state.ts';
import type { Journal } from '../ports.ts';

/** What recovery sees of the work under way: how much there is of it, and how long the oldest has been waiting. */
export interface OpenWork {
  add(batch: Pick<Batch, 'acceptedAt'>, states: readonly ChunkState[]): void;
  /** Journals it, also when there is nothing: that figure says that somebody has looked. */
  report(journal: Journal): void;
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
        // A claimed chunk is due when its claim is over, so it counts only where that time has passed.
        if (!isFinished(state)) overdue = Math.max(overdue, now - Math.max(state.dueAt, state.movedAt));
      }
    },
    report: (journal) => {
      journal.measure('OpenBatches', batches);
      journal.measure('OldestBatchSeconds', (now - oldestAt) / 1000);
      journal.measure('OverdueChunkSeconds', overdue / 1000);
      journal.measure('ReadyRows', counters.READY);
      journal.measure('RowsInProgress', counters.IN_PROGRESS);
    },
  };
}
