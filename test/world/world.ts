import type { ChunkTask } from '#lambdas/chunk/chunk.ts';
import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import type { LedgerStore } from '#lambdas/upstream/ledger.ts';
import { type MemoryBatches, memoryBatches } from './batches.ts';
import { type MemoryChunks, memoryChunks } from './chunks.ts';
import { type MemoryLedgers, memoryLedgers } from './ledgers.ts';
import { type MemoryLoop, memoryLoop } from './memory-loop.ts';
import { type MemoryQueue, memoryQueue } from './memory-queue.ts';
import { type MemoryReports, memoryReports } from './memory-reports.ts';
import { type MemoryTelemetry, memoryTelemetry } from './memory-telemetry.ts';
import { type ScriptedFinPro, scriptedFinPro } from './scripted-fin-pro.ts';
import { sequentialIds } from './sequential-ids.ts';
import { ORGANISATION } from './submissions.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

/** A whole minute, so that rate windows and ticks begin with the tests. */
export const START = Date.UTC(2026, 10, 20, 10, 0, 0);

/** A deadline with which a tick of the rows' times is one second exactly: calls then come at the second that the rules name. */
export const WHOLE_SECOND_TICKS = { BATCH_DEADLINE_SECONDS: '52428' } as const;

/** Everything that the engine touches, in memory and on a virtual clock. */
export interface World {
  readonly clock: VirtualClock;
  readonly settings: Settings;
  readonly ids: ReturnType<typeof sequentialIds>;
  readonly batches: MemoryBatches;
  readonly openBatches: MemoryBatches;
  readonly chunks: MemoryChunks;
  readonly ledgers: MemoryLedgers;
  readonly queue: MemoryQueue;
  readonly loop: MemoryLoop;
  readonly finPro: ScriptedFinPro;
  readonly telemetry: MemoryTelemetry;
  readonly reports: MemoryReports;
}

/** A window that holds more calls than any test makes, and in whose middle the tests lie. */
const ROOMY = { UPSTREAM_LIMIT: '1000000', UPSTREAM_WINDOW_SECONDS: '604800' } as const;

/** What the calls of rows would teach a ledger. */
const LEARNT: readonly string[] = ['open-circuit', 'count-failures', 'block'];

/**
 * A world for tests of rows: its budget has room for everything at once, no 429 blocks it, and its circuit never opens.
 * @param environment settings that differ from the defaults
 */
export function roomyWorld(environment: Record<string, string> = {}): World {
  const world = worldWith({ ...ROOMY, ...environment });
  const { ledgers } = world;
  const apply: LedgerStore['apply'] = async (organisationId, change) =>
    LEARNT.includes(change.kind) ? null : ledgers.apply(organisationId, change);
  return { ...world, ledgers: { ...ledgers, apply } };
}

/** A world whose upstream enforces its limit. */
export function ratedWorld(environment: Record<string, string> = {}): World {
  const world = worldWith(environment);
  world.finPro.rateLimit = world.settings.upstream;
  return world;
}

function worldWith(environment: Record<string, string>): World {
  const settings = readSettings({ ...WHOLE_SECOND_TICKS, ...environment });
  const clock = virtualClock(START);
  const batches = memoryBatches();
  return {
    clock,
    settings,
    ids: sequentialIds(),
    batches,
    openBatches: batches,
    chunks: memoryChunks(),
    ledgers: memoryLedgers(settings),
    queue: memoryQueue(clock),
    loop: memoryLoop(clock, settings),
    finPro: scriptedFinPro(clock, sequentialIds(0x5e55)),
    telemetry: memoryTelemetry(),
    reports: memoryReports(),
  };
}

/** Takes tokens of the window in which the tests begin, as another worker would. */
export async function takeTokens({ ledgers, settings }: World, tokens: number): Promise<void> {
  const length = settings.upstream.window;
  const capacities = new Map([[START - (START % length), Number.MAX_SAFE_INTEGER]]);
  await ledgers.apply(ORGANISATION, { kind: 'take', tokens, capacities, gone: [], epoch: 0, blockedUntil: 0 });
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
