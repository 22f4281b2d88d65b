import type { Table } from '#lambdas/platform/dynamodb.ts';
import { ConflictError } from '#lambdas/platform/errors.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import { type AllPorts, contextOf, type FunctionName, type Handler, handlerOf, timeoutOf } from './functions.ts';
import type { Network, Worker } from './network.ts';
import type { Surroundings } from './queue.ts';

/** A product with something wrong in it: the right one, with some port or function in other hands. */
export interface Mutant {
  ports(ports: AllPorts): AllPorts;
  handler?(name: FunctionName, handler: Handler): Handler;
  /** The table as the adapters see it, where there is one. */
  table?(table: Table): Table;
}

/** What AWS bills a function for, in virtual time: waiting for calls is in it, the processor's own time isn't. */
export interface FunctionWork {
  readonly invocations: number;
  readonly milliseconds: number;
  /** So many containers had to be started at least. */
  readonly mostAtOnce: number;
}

/** The functions in their containers. */
export interface Containers {
  /** Runs a function once; rejects when it throws, dies or runs into its time-out. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>;
  /** From now on new containers take the calls, with new code and new settings. */
  deploy(): void;
  /** Functions that ended while calls of theirs were under way. */
  readonly leftUnderWay: readonly string[];
  /** Functions that ended since somebody else had written first. */
  readonly lostRaces: readonly string[];
  /** What a function has been billed for so far. */
  workOf(name: FunctionName): FunctionWork;
}

interface Container {
  readonly worker: Worker;
  readonly handler: Handler;
  readonly version: number;
  isBusy: boolean;
}

const ADVANCING: ReadonlySet<FunctionName> = new Set(['start-chunk', 'advance-chunk']);

const NO_WORK = { invocations: 0, milliseconds: 0, mostAtOnce: 0 };

/** A function made of its ports, with the mutant in it if there is one. */
export function functionOf(name: FunctionName, ports: AllPorts, mutant: Mutant | null): Handler {
  const handler = handlerOf(name, mutant?.ports(ports) ?? ports);
  return mutant?.handler?.(name, handler) ?? handler;
}

/** @param portsOf the ports of a worker, by a clock of its own */
export function containersOf(
  { clock, disturbance, history }: Surroundings,
  network: Network,
  portsOf: (worker: Worker, clock: Clock) => AllPorts,
  mutant: Mutant | null,
): Containers {
  const containers = new Map<FunctionName, Container[]>();
  const work = new Map<FunctionName, FunctionWork>();
  const leftUnderWay: string[] = [];
  const lostRaces: string[] = [];
  let version = 0;
  let made = 0;
  let invocations = 0;

  const start = (name: FunctionName): Container => {
    made += 1;
    const worker = network.worker(`${name} ${made}`);
    const offset = disturbance.clockOffset(worker.name);
    const ports = portsOf(worker, { now: () => clock.now() + offset });
    history.note(worker.name, `starts, version ${version}, its clock ${offset} ms off`);
    return { worker, handler: functionOf(name, ports, mutant), version, isBusy: false };
  };

  /** A container that has nothing to do, or a new one. */
  const containerFor = (name: FunctionName): Container => {
    const warm = (containers.get(name) ?? []).filter(({ worker, version: of }) => !worker.isDead && of === version);
    const free = warm.find(({ isBusy }) => !isBusy);
    const container = free ?? start(name);
    container.isBusy = true;
    containers.set(name, free ? warm : [...warm, container]);
    return container;
  };

  const workOf = (name: FunctionName): FunctionWork => work.get(name) ?? NO_WORK;
  const begin = (name: FunctionName): void => {
    const before = workOf(name);
    const atOnce = (containers.get(name) ?? []).filter(({ isBusy }) => isBusy).length;
    const mostAtOnce = Math.max(before.mostAtOnce, atOnce);
    work.set(name, { ...before, invocations: before.invocations + 1, mostAtOnce });
  };
  const end = (name: FunctionName, milliseconds: number): void => {
    const before = workOf(name);
    work.set(name, { ...before, milliseconds: before.milliseconds + Math.ceil(milliseconds) });
  };

  return {
    workOf,
    leftUnderWay,
    lostRaces,
    deploy: () => {
      version += 1;
      history.note('deploy', `version ${version}`);
    },
    invoke: async (name, event) => {
      if (ADVANCING.has(name) && disturbance.workersAway()) throw new Error(`${name} cannot run now`);
      const container = containerFor(name);
      const { worker, handler } = container;
      worker.thaw();
      begin(name);
      invocations += 1;
      const startedAt = clock.now();
      const endsAt = startedAt + timeoutOf(name);
      const timer = clock.timer(timeoutOf(name));
      void timer.done.then(() => worker.die('its time is up'));
      const context = contextOf(name, `request-${invocations}`, () => Math.max(0, endsAt - clock.now()));
      try {
        const result = await Promise.race([handler(event, context), worker.death]);
        if (history.isKept) history.note(worker.name, `returns ${String(JSON.stringify(result)).slice(0, 160)}`);
        return result;
      } catch (error) {
        history.note(worker.name, `ends: ${String(error)}`);
        if (error instanceof ConflictError) lostRaces.push(`${worker.name}: ${error.message}`);
        throw error;
      } finally {
        timer.cancel();
        end(name, clock.now() - startedAt);
        if (!worker.isDead && worker.underWay > 0) leftUnderWay.push(worker.name);
        worker.freeze();
        container.isBusy = false;
      }
    },
  };
}
