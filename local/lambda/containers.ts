import type { Container, Outcome } from './container.ts';
import type { FunctionError } from './container-messages.ts';
import type { FunctionModel } from './function-models.ts';

/** How many containers there may be, so that a laptop's memory and cores last for all functions together. */
export interface ContainerLimits {
  /** Containers of one function, where Lambda would start up to 1,000. */
  readonly perFunction: number;
  /** Containers beyond the first of each function, over all functions. */
  readonly spare: number;
  /** An idle container ends after that many milliseconds. */
  readonly idleMilliseconds: number;
}

/**
 * A container takes about 60 MB at work, and all of `npm start` shall stay under 700. More of them would not be faster on two cores: a
 * batch of 10,000 rows took a third longer with four of each function.
 */
export const DEFAULT_LIMITS: ContainerLimits = { perFunction: 2, spare: 1, idleMilliseconds: 10_000 };

/** An idle container is given up for one of another function only when it has been idle for that long. */
const SPARED_MILLISECONDS = 2_000;

/** An outcome, what a fresh container cost it (0 in a warm one), and the most memory that the container has had (0 in a thread). */
export type Invocation = Outcome & { readonly initMilliseconds: number; readonly peakMemoryBytes: number };

interface Waiting {
  readonly event: string;
  readonly requestId: string;
  readonly settle: (invocation: Invocation) => void;
}

interface Pool {
  readonly model: FunctionModel;
  readonly idle: Container[];
  readonly busy: Set<Container>;
  readonly waiting: Waiting[];
}

const alive = (pool: Pool): number => pool.idle.length + pool.busy.size;

/** Hands invocations to containers: to a warm one where there is one, to a new one within the limits, else to the next that is free. */
export class Containers {
  readonly #pools = new Map<FunctionModel, Pool>();
  readonly #limits: ContainerLimits;
  readonly #create: (model: FunctionModel) => Container;
  readonly #reaper: NodeJS.Timeout;
  #closed = false;

  constructor(limits: ContainerLimits, create: (model: FunctionModel) => Container) {
    this.#limits = limits;
    this.#create = create;
    this.#reaper = setInterval(() => this.#reap(), Math.min(limits.idleMilliseconds, 5_000)).unref();
  }

  /** Runs one invocation, waiting for a container if need be. Never rejects. */
  invoke(model: FunctionModel, event: string, requestId: string): Promise<Invocation> {
    return new Promise((settle) => {
      const pool = this.#pools.get(model) ?? { model, idle: [], busy: new Set(), waiting: [] };
      this.#pools.set(model, pool);
      pool.waiting.push({ event, requestId, settle });
      this.#assign(pool);
    });
  }

  /** Ends every container at once, in the middle of whatever it does, as a failing host would. */
  async killAll(): Promise<void> {
    const containers = [...this.#pools.values()].flatMap((pool) => [...pool.idle.splice(0), ...pool.busy]);
    await Promise.all(containers.map((container) => container.kill()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    const error: FunctionError = { errorType: 'ServiceException', errorMessage: 'the local cloud is stopping' };
    for (const pool of this.#pools.values()) {
      for (const { settle } of pool.waiting.splice(0))
        settle({ ok: false, error, milliseconds: 0, initMilliseconds: 0, peakMemoryBytes: 0 });
    }
    await this.killAll();
  }

  #assign(pool: Pool): void {
    while (!this.#closed && pool.waiting.length > 0) {
      pool.idle.splice(0, pool.idle.length, ...pool.idle.filter((container) => !container.dead));
      // The one used last: the others may then get old enough to end.
      const warm = pool.idle.pop();
      if (warm === undefined && !this.#mayStart(pool)) return;
      const next = pool.waiting.shift();
      if (next === undefined) return;
      const container = warm ?? this.#create(pool.model);
      pool.busy.add(container);
      void this.#run(pool, container, next, warm === undefined);
    }
  }

  async #run(pool: Pool, container: Container, { event, requestId, settle }: Waiting, cold: boolean): Promise<void> {
    const failed = cold ? await container.ready() : undefined;
    const outcome: Outcome =
      failed === undefined ? await container.invoke(event, requestId) : { ok: false, error: failed, milliseconds: 0 };
    pool.busy.delete(container);
    if (!container.dead) pool.idle.push(container);
    const { peakMemoryBytes } = container;
    settle({ ...outcome, initMilliseconds: cold ? container.initMilliseconds : 0, peakMemoryBytes });
    this.#assign(pool);
    for (const other of this.#pools.values()) this.#assign(other);
  }

  /** Whether one more container of this function may be started, if need be in place of an idle one of another function. */
  #mayStart(pool: Pool): boolean {
    if (alive(pool) === 0) return true;
    if (alive(pool) >= this.#limits.perFunction) return false;
    const pools = [...this.#pools.values()];
    if (pools.reduce((sum, other) => sum + Math.max(0, alive(other) - 1), 0) < this.#limits.spare) return true;
    const given = performance.now() - SPARED_MILLISECONDS;
    const victim = pools.find((other) => alive(other) > 1 && (other.idle[0]?.idleSince ?? given) < given);
    void victim?.idle.shift()?.kill();
    return victim !== undefined;
  }

  #reap(): void {
    const now = performance.now();
    for (const { idle } of this.#pools.values()) {
      const old = idle.filter((container) => now - container.idleSince > this.#limits.idleMilliseconds);
      for (const container of old) void idle.splice(idle.indexOf(container), 1)[0]?.kill();
    }
  }
}
