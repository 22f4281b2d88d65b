import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';
import {
  type ContainerAnswer,
  describeError,
  type FunctionError,
  type Invocation,
  type Notice,
} from './container-messages.ts';
import type { FunctionModel } from './function-models.ts';

/** Why a container ended in the middle of an invocation. */
export interface Ended {
  readonly ended: FunctionError;
}

/** The containers of one function: each has its bundle loaded and runs one invocation at a time. */
export interface ContainerPool {
  /** Runs an invocation in an idle container, or in a new one, whose end it may be; the signal ends it, too. */
  run(invocation: Invocation, signal: AbortSignal): Promise<ContainerAnswer | Ended>;
  /** How many there are, idle, busy or starting. */
  alive(): number;
  /** Ends one of them; to be called when all are idle. */
  endOne(): void;
  /** Ends all in the middle of whatever they do. */
  end(): Promise<void>;
}

export interface PoolOptions {
  readonly most: number;
  readonly idleMilliseconds: number;
  notice(notice: Notice): void;
  /** A container has ended. */
  ended(): void;
}

/** Makes the containers of a function. */
export type MakePool = (model: FunctionModel, options: PoolOptions) => ContainerPool;

/**
 * What a thread's heap may take, however much memory the function has. V8 fills what it is given before it cleans up, and a laptop has
 * to have room for all containers at once.
 */
const HEAP_MEGABYTES = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 };

/** What `container-thread.ts` is started with. */
export const argumentsOf = ({ bundle, exportName }: FunctionModel): string[] => [
  pathToFileURL(bundle).href,
  exportName,
];

/** Containers that are threads: they start quickly and share Node's own memory. `script` is what `buildContainerScript` returned. */
export const inThreads =
  (script: string): MakePool =>
  (model, { most, idleMilliseconds, notice, ended }) => {
    const open = (): Piscina => {
      const opened = new Piscina({
        filename: script,
        argv: argumentsOf(model),
        env: { ...model.environment },
        resourceLimits: HEAP_MEGABYTES,
        minThreads: 0,
        maxThreads: most,
        idleTimeout: idleMilliseconds,
        // Waiting for the next task must not stop the sockets that a handler keeps open.
        atomics: 'disabled',
        recordTiming: false,
      });
      opened.on('message', notice);
      opened.on('workerDestroy', ended);
      // What an idle container throws ends it, and nobody waits for it.
      opened.on('error', () => undefined);
      return opened;
    };
    let pool = open();
    return {
      run: (invocation, signal) =>
        pool.run(invocation, { signal }).catch((error: unknown) => ({ ended: threadError(error) })),
      alive: () => pool.threads.length,
      endOne: () => void pool.threads.at(-1)?.terminate(),
      end: async () => {
        const old = pool;
        // One that is being destroyed takes nothing more.
        pool = open();
        await old.destroy();
      },
    };
  };

/** Why a thread ended: its code threw outside a handler, it exited, or it was killed. */
function threadError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return describeError(error);
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return OUT_OF_MEMORY;
  const [, code] = /^worker exited with code: (\d+)$/.exec(error.message) ?? [];
  if (code !== undefined) return exitError(`exit status ${code}`);
  const killed = error.name === 'AbortError' || error.message === 'Terminating worker thread';
  return killed ? exitError('signal: killed') : describeError(error);
}

export const OUT_OF_MEMORY: FunctionError = {
  errorType: 'Runtime.OutOfMemory',
  errorMessage: 'Runtime exited with error: signal: killed',
};

/** The error of a function whose runtime ended by itself, or was ended. */
export const exitError = (how: string): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `Runtime exited with error: ${how}`,
});
