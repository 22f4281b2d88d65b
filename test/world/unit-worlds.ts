import type { ChunkTask } from '#lambdas/chunk/chunk.ts';
import { parseChunkTask } from '#lambdas/chunk/queue.sqs.ts';
import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import type { Ids } from '#lambdas/platform/system.ts';
import type { LedgerStore } from '#lambdas/upstream/ledger.ts';
import { virtualClock } from './clock.ts';
import { rateLimitOf, type ScriptedFinPro, scriptedFinPro } from './finpro.ts';
import type { AllPorts } from './functions.ts';
import type { Worker } from './network.ts';
import { sequentialIds } from './sequential-ids.ts';
import { START } from './start.ts';
import { emptyStorage, memoryStores, type Storage } from './stores.ts';
import { ORGANISATION } from './submissions.ts';
import { type MemoryTelemetry, memoryTelemetry } from './telemetry.ts';
import { type World, worldOf } from './world.ts';

export { START } from './start.ts';

/** A deadline with which a tick of the rows' times is one second exactly: calls then come at the second that the rules name. */
const WHOLE_SECOND_TICKS = { BATCH_DEADLINE_SECONDS: '52428' } as const;

type MemoryStores = ReturnType<ReturnType<typeof memoryStores>>;
type MemoryPorts = ReturnType<World<MemoryStores>['portsOf']>;

/** A world in memory, with the ports of somebody who calls its rules himself: undisturbed, and by the true clock. */
export interface UnitWorld extends Omit<World<MemoryStores>, 'settings' | 'clock'>, Omit<MemoryPorts, 'clock'> {
  readonly clock: World<MemoryStores>['clock'];
  readonly settings: Settings;
  readonly ids: Ids;
  readonly telemetry: MemoryTelemetry;
  readonly finPro: ScriptedFinPro;
  readonly storage: Storage;
  /** Every task that the chunk queue took, in order. */
  readonly sentTasks: readonly ChunkTask[];
  /** A worker whose calls may be disturbed, as those of a function are. */
  worker(name?: string): Worker & { readonly ports: AllPorts };
}

/** A window that holds more calls than any test makes, and in whose middle the tests lie. */
const ROOMY = { UPSTREAM_LIMIT: '1000000', UPSTREAM_WINDOW_SECONDS: '604800' } as const;

/** What the calls of rows would teach a ledger. */
const LEARNT: readonly string[] = ['open-circuit', 'count-failures', 'block'];

/** A ledger that is never blocked by a 429, and whose circuit never opens. */
const unteachable = (ledgers: LedgerStore): LedgerStore => ({
  ...ledgers,
  apply: async (organisationId, change) =>
    LEARNT.includes(change.kind) ? null : ledgers.apply(organisationId, change),
});

/**
 * A world for tests of rows: its budget has room for everything at once, no 429 blocks it, and its circuit never opens.
 * @param environment settings that differ from the defaults
 */
export const roomyWorld = (environment: Record<string, string> = {}): UnitWorld =>
  unitWorld({ ...ROOMY, ...environment }, unteachable);

/** A world whose upstream enforces its limit. */
export function ratedWorld(environment: Record<string, string> = {}): UnitWorld {
  const world = unitWorld(environment);
  world.finPro.rateLimit = rateLimitOf(world.settings);
  return world;
}

function unitWorld(
  environment: Record<string, string>,
  ledgersOf: (ledgers: LedgerStore) => LedgerStore = (ledgers) => ledgers,
): UnitWorld {
  const settings = readSettings({ ...WHOLE_SECOND_TICKS, ...environment });
  const clock = virtualClock(START);
  const finPro = scriptedFinPro(clock, sequentialIds(0x5e55));
  const telemetry = memoryTelemetry();
  const storage = emptyStorage();
  const open = memoryStores(storage);
  const world = worldOf({
    clock,
    finPro,
    credentialsTime: () => finPro.credentialsTime(),
    telemetry,
    settingsOf: () => settings,
    openStores: (...parameters) => {
      const stores = open(...parameters);
      return { ...stores, ledgers: { ...stores.ledgers, ...ledgersOf(stores.ledgers) } };
    },
  });
  return {
    ...world,
    ...world.portsOf(),
    clock,
    settings,
    telemetry,
    finPro,
    storage,
    get sentTasks() {
      return world.chunkQueue.sent.map((body) => parseChunkTask(JSON.parse(body)));
    },
    worker: (name = 'worker') => {
      const worker = world.network.worker(name);
      return { ...worker, ports: world.portsOf(worker.call) };
    },
  };
}

/** Takes tokens as another worker would, of the window in which the tests begin or of one `ahead` of it. */
export async function takeTokens({ ledgers, settings }: UnitWorld, tokens: number, ahead = 0): Promise<void> {
  const { anchor: seen } = await ledgers.read(ORGANISATION);
  const room = new Map([
    [Math.floor(START / settings.upstream.window) + ahead, { capacity: Number.MAX_SAFE_INTEGER, others: 0 }],
  ]);
  await ledgers.apply(ORGANISATION, { kind: 'take', tokens, room, gone: [], seen, epoch: 0, blockedUntil: 0 });
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
