import type { Timeline } from '#lambdas/chunk/codec.ts';
import type { ChunkTask } from '#lambdas/chunk/task.ts';
import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import { type FreeBudget, freeBudget } from './free-budget.ts';
import { type LedgerBudget, ledgerBudget } from './ledger-budget.ts';
import { type MemoryBatches, memoryBatches } from './memory-batches.ts';
import { type MemoryChunks, memoryChunks } from './memory-chunks.ts';
import { type MemoryLoop, memoryLoop } from './memory-loop.ts';
import { type MemoryQueue, memoryQueue } from './memory-queue.ts';
import { type MemoryReports, memoryReports } from './memory-reports.ts';
import { type MemoryTelemetry, memoryTelemetry } from './memory-telemetry.ts';
import { type ScriptedFinPro, scriptedFinPro } from './scripted-fin-pro.ts';
import { sequentialIds } from './sequential-ids.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

/** A whole minute, so that rate windows and ticks begin with the tests. */
export const START = Date.UTC(2026, 10, 20, 10, 0, 0);

/** A deadline with which a tick of the rows' times is one second exactly: calls then come at the second that the rules name. */
export const WHOLE_SECOND_TICKS = { BATCH_DEADLINE_SECONDS: '52428' } as const;

/** The timeline of a batch accepted at the start, with these ticks. */
export const TIMELINE: Timeline = { origin: START, tick: 1000 };

/** Everything that the core touches, in memory and on a virtual clock. */
export interface World<B> {
  readonly clock: VirtualClock;
  readonly settings: Settings;
  readonly ids: ReturnType<typeof sequentialIds>;
  readonly batches: MemoryBatches;
  readonly openBatches: MemoryBatches;
  readonly chunks: MemoryChunks;
  readonly queue: MemoryQueue;
  readonly loop: MemoryLoop;
  readonly budget: B;
  readonly finPro: ScriptedFinPro;
  readonly telemetry: MemoryTelemetry;
  readonly reports: MemoryReports;
}

/** A world in which the budget has room for everything. `environment` are settings that differ from the defaults. */
export const roomyWorld = (environment: Record<string, string> = {}): World<FreeBudget> =>
  worldWith(readSettings({ ...WHOLE_SECOND_TICKS, ...environment }), freeBudget);

/** A world with the real rules of the budget, and an upstream that enforces its limit. */
export function ratedWorld(environment: Record<string, string> = {}): World<LedgerBudget> {
  const world = worldWith(readSettings({ ...WHOLE_SECOND_TICKS, ...environment }), ledgerBudget);
  world.finPro.rateLimit = world.settings.upstream;
  return world;
}

function worldWith<B>(settings: Settings, budget: (settings: Settings) => B): World<B> {
  const clock = virtualClock(START);
  const batches = memoryBatches(clock, settings);
  return {
    clock,
    settings,
    ids: sequentialIds(),
    batches,
    openBatches: batches,
    chunks: memoryChunks(),
    queue: memoryQueue(clock),
    loop: memoryLoop(clock, settings),
    budget: budget(settings),
    finPro: scriptedFinPro(clock, sequentialIds(0x5e55)),
    telemetry: memoryTelemetry(),
    reports: memoryReports(),
  };
}

/** The first task of a chunk of a batch. */
export const taskOf = (
  batch: { readonly organisationId: string; readonly referenceId: string; readonly batchId: string },
  chunk = 0,
  generation = 1,
): ChunkTask => ({
  organisationId: batch.organisationId,
  referenceId: batch.referenceId,
  batchId: batch.batchId,
  chunk,
  generation,
});
