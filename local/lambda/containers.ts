import { type ContainerAnswer, clock, type FunctionError } from './container-messages.ts';
import type { ContainerPool, MakePool } from './container-pools.ts';
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
 * A busy container takes about 60 MB, and all of `npm start` should stay under 700. More of them wouldn't be faster on two cores: a batch of
 * 10,000 rows took a third longer with four per function.
 */
export const DEFAULT_LIMITS: ContainerLimits = { perFunction: 2, spare: 1, idleMilliseconds: 10_000 };

/** A function gives up an idle container for another function only after it has been idle for that long. */
const SPARED_MILLISECONDS = 2_000;

/** What an invocation came to, and how long its container took to start and load its bundle; 0 in a warm one. */
export type Answer = Omit<ContainerAnswer, 'cold' | 'startedAt'> & { readonly initMilliseconds: number };

interface Waiting {
  readonly event: string;
  readonly requestId: string;
  readonly settle: (answer: Answer) => void;
}

interface OfFunction {
  readonly model: FunctionModel;
  readonly pool: ContainerPool;
  readonly waiting: Waiting[];
  /** What begins the timeout of each running invocation. */
  readonly starts: Map<string, () => void>;
  idleSince: number;
  /** While one of its containers is being ended, which must get no invocation. */
  ending: boolean;
}

/** Hands invocations to containers: to a warm one if possible, to a new one within the limits, else to the next that is free. */
export class Containers {
  readonly #functions = new Map<FunctionModel, OfFunction>();
  readonly #limits: ContainerLimits;
  readonly #makePool: MakePool;
  readonly #print: (model: FunctionModel, text: string) => void;
  #closed = false;

  /** Whatever a function prints goes to `print`. */
  constructor(limits: ContainerLimits, makePool: MakePool, print: (model: FunctionModel, text: string) => void) {
    this.#limits = limits;
    this.#makePool = makePool;
    this.#print = print;
  }

  /** Runs one invocation, waiting for a container if need be. Never rejects. */
  invoke(model: FunctionModel, event: string, requestId: string): Promise<Answer> {
    return new Promise((settle) => {
      const one = this.#functions.get(model) ?? this.#add(model);
      one.waiting.push({ event, requestId, settle });
      this.#assign();
    });
  }

  /** Kills every container at once, whatever it is doing, as a failing host would. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(({ pool }) => pool.end()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = { errorType: 'ServiceException', errorMessage: 'the local cloud is stopping' };
    for (const { waiting } of this.#functions.values()) {
      for (const { settle } of waiting.splice(0)) settle(failed(error, 0));
    }
    await this.killAll();
  }

  #add(model: FunctionModel): OfFunction {
    const starts = new Map<string, () => void>();
    const pool = this.#makePool(model, {
      most: this.#limits.perFunction,
      idleMilliseconds: this.#limits.idleMilliseconds,
      notice: (notice) => {
        if ('printed' in notice) this.#print(model, notice.printed);
        else starts.get(notice.started)?.();
      },
      ended: () => {
        added.ending = false;
        queueMicrotask(() => this.#assign());
      },
    });
    const added: OfFunction = { model, pool, waiting: [], starts, idleSince: 0, ending: false };
    this.#functions.set(model, added);
    return added;
  }

  #assign(): void {
    for (const one of this.#functions.values()) {
      while (!this.#closed && one.waiting.length > 0 && this.#mayRun(one)) {
        const next = one.waiting.shift();
        if (next !== undefined) void this.#run(one, next);
      }
    }
  }

  async #run(one: OfFunction, { event, requestId, settle }: Waiting): Promise<void> {
    const { model, pool, starts } = one;
    const limit = model.timeoutMilliseconds;
    const timeout = new AbortController();
    const sentAt = clock();
    let running: { since: number; timer: NodeJS.Timeout } | undefined;
    // The timeout is that of the handler, not of what comes before it in a new container.
    starts.set(requestId, () => {
      running = { since: clock(), timer: setTimeout(() => timeout.abort(), limit) };
    });
    const invocation = {
      requestId,
      event,
      timeoutMilliseconds: limit,
      functionName: model.name,
      functionArn: model.arn,
      memoryMegabytes: String(model.memoryMegabytes),
    };
    const answer = await pool.run(invocation, timeout.signal);
    clearTimeout(running?.timer);
    starts.delete(requestId);
    one.idleSince = performance.now();
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(limit / 1000).toFixed(2)} seconds`;
    if ('ended' in answer) {
      const error = timeout.signal.aborted ? { errorType: 'Sandbox.Timedout', errorMessage } : answer.ended;
      settle(failed(error, running === undefined ? 0 : clock() - running.since));
    } else {
      const { cold, startedAt, ...rest } = answer;
      settle({ ...rest, initMilliseconds: cold ? startedAt - sentAt : 0 });
    }
    this.#assign();
  }

  /** Whether one more invocation of a function may run, if need be in place of an idle container of another function. */
  #mayRun({ pool, starts, ending }: OfFunction): boolean {
    const alive = pool.alive();
    if (ending) return false;
    if (alive === 0 || starts.size < alive) return true;
    if (alive >= this.#limits.perFunction) return false;
    const all = [...this.#functions.values()];
    if (all.reduce((sum, other) => sum + Math.max(0, other.pool.alive() - 1), 0) < this.#limits.spare) return true;
    const given = performance.now() - SPARED_MILLISECONDS;
    const idle = all.find((other) => other.starts.size === 0 && other.pool.alive() > 1 && other.idleSince < given);
    if (idle === undefined || idle.ending) return false;
    idle.ending = true;
    idle.pool.endOne();
    return true;
  }
}

const failed = (error: FunctionError, milliseconds: number): Answer => ({
  result: { ok: false, error },
  milliseconds,
  initMilliseconds: 0,
  peakMemoryBytes: 0,
});
