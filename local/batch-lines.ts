import { batchStatusOf, shownId, sumCounters } from '#lambdas/batch/batch.ts';
import type { StoredBatch } from '#lambdas/batch/store.ts';
import type { ChunkState } from '#lambdas/chunk/chunk.ts';
import { countersOf } from '#lambdas/chunk/row.ts';
import type { Item } from './dynamodb/item-size.ts';
import { nextStepOf } from './next-step.ts';
import type { Onlooker } from './onlooker.ts';
import type { Counts, Progress } from './progress.ts';

/** How often batches that have moved are looked at, in real milliseconds, and how many at a time. */
const LOOK = 1_000;
const MOST_LOOKS = 20;
const KEY = /^ORG#([^#]+)#REF#([^#]+)$/;

/** Follows batches, from their acceptance to their end. */
export interface BatchLines {
  /** To be told of each write to the table: what is not written to needs no look. */
  wrote(item: Item): void;
  stop(): void;
}

/** Shows where each open batch stands, at first and whenever it has moved, and what it waits for. */
export async function followBatches(
  stores: Onlooker,
  progress: Progress,
  now: () => number = Date.now,
): Promise<BatchLines> {
  /** Those that have been written since they were last looked at. */
  const moved = new Map<string, { organisationId: string; referenceId: string }>();
  const ended = new Set<string>();
  const track = (batch: { organisationId: string; referenceId: string }): void =>
    void moved.set(`${batch.organisationId}/${batch.referenceId}`, batch);

  const look = async (name: string, organisationId: string, referenceId: string): Promise<void> => {
    const stored = await stores.batches.read(organisationId, referenceId);
    if (stored === null || ended.has(stored.batch.batchId)) return;
    const states = await stores.chunks.states(stored.batch);
    const counts = countsOf(stored, states);
    if (!stored.isOpen && stored.batch.reservation === null) {
      ended.add(stored.batch.batchId);
      return progress.end(name, await lastLine(stores, name, stored, states));
    }
    const circuit = await stores.circuitOpenUntil(organisationId);
    const next = stored.batch.reservation ? 'waits for its file' : nextStepOf(states, circuit, now());
    progress.show(name, counts, next);
  };
  let looking: Promise<void> = Promise.resolve();
  const lookAtAll = async (): Promise<void> => {
    for (const [name, { organisationId, referenceId }] of [...moved].slice(0, MOST_LOOKS)) {
      moved.delete(name);
      // What is read while the cloud closes is of no interest any more.
      await look(name, organisationId, referenceId).catch(() => undefined);
    }
  };

  for (const batch of await stores.openBatches.list()) track(batch);
  await lookAtAll();
  const timer = setInterval(() => {
    looking = looking.then(lookAtAll);
  }, LOOK);
  return {
    wrote: ({ pk }) => {
      const [, organisationId, referenceId] = KEY.exec(String(pk?.['S'])) ?? [];
      if (organisationId !== undefined && referenceId !== undefined) track({ organisationId, referenceId });
    },
    stop: () => {
      clearInterval(timer);
      progress.stop();
    },
  };
}

function countsOf({ batch }: StoredBatch, states: readonly ChunkState[]): Counts {
  const { READY, IN_PROGRESS, COMPLETED, FAILED } = sumCounters(states.map(({ rows }) => countersOf(rows)));
  return { total: batch.total, ready: READY, in_progress: IN_PROGRESS, completed: COMPLETED, failed: FAILED };
}

/** How a batch has ended, with what its failed rows say. */
async function lastLine(
  { chunks }: Onlooker,
  name: string,
  { batch, finishedAt }: StoredBatch,
  states: readonly ChunkState[],
): Promise<string> {
  const counters = sumCounters(states.map(({ rows }) => countersOf(rows)));
  const status = batchStatusOf(batch.total, counters, batch.error);
  if (batch.error !== null) return `${name} ${status}: ${batch.error.code}: ${batch.error.message}`;
  const codes = new Map<string, number>();
  for (const { key, rows } of counters.FAILED > 0 ? states : []) {
    const { errors } = await chunks.outcome(key);
    for (const [row, { code }] of errors) {
      if (rows[row]?.phase === 'failed') codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  const why = [...codes].toSorted(([, one], [, other]) => other - one).map(([code, rows]) => `${code} ${rows}`);
  const seconds = (((finishedAt ?? batch.acceptedAt) - batch.acceptedAt) / 1000).toFixed(1);
  const failed = `${counters.FAILED} failed${why.length === 0 ? '' : ` (${why.join(', ')})`}`;
  return `${name} ${status} in ${seconds} s (batch ${shownId(batch)}): ${counters.COMPLETED} rows completed, ${failed}`;
}
