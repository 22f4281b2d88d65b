import { toLoopState } from '#lambdas/chunk/loop.step-functions.ts';
import type { ChunkQueue } from '#lambdas/chunk/store.ts';
import type { Client } from '#lambdas/clients/client.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock, Ids } from '#lambdas/platform/system.ts';
import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import type { FinPro } from '#lambdas/upstream/finpro.ts';
import { type BatchItems, memoryBatches } from '../world/batches.ts';
import { type ChunkItems, memoryChunks } from '../world/chunks.ts';
import { type LedgerItems, memoryLedgers } from '../world/ledgers.ts';
import type { RemoteCall } from '../world/remote-call.ts';
import type { Bucket } from './bucket.ts';
import type { EventQueue, QueueWorld } from './event-queue.ts';
import { type AllPorts, contextOf, FUNCTIONS, type FunctionName, type Handler } from './functions.ts';
import type { Mutant } from './mutants.ts';
import type { StateMachine } from './state-machine.ts';
import type { Worker } from './unreliable-calls.ts';

/** What is stored outside the workers. */
export interface Storage {
  readonly batches: BatchItems;
  readonly chunks: ChunkItems;
  readonly ledgers: LedgerItems;
  readonly clients: ReadonlyMap<string, Client>;
}

/** What all workers share. */
export interface Surroundings extends QueueWorld {
  readonly storage: Storage;
  readonly chunkQueue: EventQueue;
  readonly loop: StateMachine;
  readonly bucket: Bucket;
  readonly finPro: FinPro;
  readonly ids: Ids;
  /** The settings of the code that is deployed now. */
  settings(): Settings;
  /** Called when a chunk's state was written. */
  onState(key: { readonly organisationId: string; readonly referenceId: string }): void;
  /** A mutant to be found; null: the product as it is. */
  readonly mutant: Mutant | null;
}

/** The functions in their containers. */
export interface Cluster {
  /** Runs a function once; rejects when it throws, dies or runs into its time-out. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>;
  /** From now on new containers take the calls, with new code and new settings. */
  deploy(): void;
}

/** The ports of a worker, whose calls go through `call`. */
export function portsOf(world: Surroundings, call: RemoteCall, clock: Clock): AllPorts {
  const { storage, chunkQueue, loop, bucket, finPro, ids, random, network, mix } = world;
  const settings = world.settings();
  const batches = memoryBatches(call, storage.batches);
  const chunks = memoryChunks(call, storage.chunks);
  chunks.onState = ({ key }) => world.onState(key);
  const queue: ChunkQueue = {
    // As the adapter: what could not be sent is said, not thrown.
    send: async (tasks) => {
      const unsent = tasks.filter(() => random.chance(network.shareNow(mix.messages.unsent)));
      const sent = tasks.filter((task) => !unsent.includes(task));
      try {
        await call('queue.send', () => {
          for (const { organisationId, referenceId, batchId, chunk, generation } of sent) {
            chunkQueue.send(JSON.stringify({ organisationId, referenceId, batchId, chunk, generation }));
          }
        });
        return unsent;
      } catch {
        return tasks;
      }
    },
  };
  return {
    clock,
    ids,
    settings,
    telemetry: powertoolsTelemetry,
    batches,
    openBatches: batches,
    chunks,
    queue,
    loop: {
      start: (task, resumeAt) =>
        call('loop.start', () =>
          loop.start(
            `${task.batchId}-${task.chunk}-${task.generation}`,
            toLoopState(task, { done: false, resumeAt }, resumeAt, settings.waitStep),
          ),
        ),
    },
    ledgers: memoryLedgers(settings, call, storage.ledgers),
    finPro: {
      requestFi: (organisationId, request) => call('finPro.requestFi', () => finPro.requestFi(organisationId, request)),
      fiStatus: (organisationId, of) => call('finPro.fiStatus', () => finPro.fiStatus(organisationId, of)),
      statusDocument: (organisationId, query) =>
        call('finPro.statusDocument', () => finPro.statusDocument(organisationId, query)),
      fiBalance: (organisationId, consentId) =>
        call('finPro.fiBalance', () => finPro.fiBalance(organisationId, consentId)),
    },
    clients: {
      find: (clientId) => call('clients.find', () => storage.clients.get(clientId) ?? null),
    },
    organisations: {
      exists: (organisationId) =>
        call('organisations.exists', () =>
          [...storage.clients.values()].some((client) => client.organisationId === organisationId),
        ),
    },
    ...bucket.portsFor(call),
  };
}

/** A function made of its ports, with the mutant in it if there is one. */
export function handlerOf(name: FunctionName, ports: AllPorts, mutant: Mutant | null): Handler {
  const handler: Handler = FUNCTIONS[name].make(mutant?.ports(ports) ?? ports);
  return mutant?.handler?.(name, handler) ?? handler;
}

interface Container {
  readonly worker: Worker;
  readonly handler: Handler;
  readonly version: number;
  isBusy: boolean;
}

export function clusterOf(world: Surroundings): Cluster {
  const { clock, network, random, mix, history } = world;
  const containers = new Map<FunctionName, Container[]>();
  let version = 0;
  let made = 0;
  let invocations = 0;

  const start = (name: FunctionName): Container => {
    made += 1;
    const worker = network.worker(`${name} ${made}`);
    const offset = random.int(-mix.clockSpread, mix.clockSpread);
    const ports = portsOf(world, worker.call, { now: () => clock.now() + offset });
    const container = { worker, handler: handlerOf(name, ports, world.mutant), version, isBusy: false };
    history.note(worker.name, `starts, version ${version}, its clock ${offset} ms off`);
    return container;
  };

  /** A container that has nothing to do, or a new one. */
  const containerFor = (name: FunctionName): Container => {
    const warm = (containers.get(name) ?? []).filter(({ worker, version: of }) => !worker.isDead && of === version);
    const free = warm.find(({ isBusy }) => !isBusy);
    const container = free ?? start(name);
    containers.set(name, free ? warm : [...warm, container]);
    return container;
  };

  return {
    deploy: () => {
      version += 1;
      history.note('deploy', `version ${version}`);
    },
    invoke: async (name, event) => {
      const { timeout } = FUNCTIONS[name];
      const container = containerFor(name);
      const { worker, handler } = container;
      container.isBusy = true;
      invocations += 1;
      const endsAt = clock.now() + timeout;
      const timer = clock.timer(timeout);
      void timer.done.then(() => worker.die('its time is up'));
      const context = contextOf(name, `request-${invocations}`, () => Math.max(0, endsAt - clock.now()));
      try {
        const result = await Promise.race([handler(event, context), worker.death]);
        if (history.isKept) history.note(worker.name, `returns ${String(JSON.stringify(result)).slice(0, 160)}`);
        return result;
      } catch (error) {
        history.note(worker.name, `ends: ${String(error)}`);
        throw error;
      } finally {
        timer.cancel();
        container.isBusy = false;
      }
    },
  };
}
