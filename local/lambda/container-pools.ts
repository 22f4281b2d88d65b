import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
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

const argumentsOf = ({ bundle, exportName }: FunctionModel): string[] => [pathToFileURL(bundle).href, exportName];

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

/** Why a thread ended: by what its code threw outside of a handler, by its exit, or because it was ended. */
function threadError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return describeError(error);
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return OUT_OF_MEMORY;
  const [, code] = /^worker exited with code: (\d+)$/.exec(error.message) ?? [];
  if (code !== undefined) return exitError(`exit status ${code}`);
  const killed = error.name === 'AbortError' || error.message === 'Terminating worker thread';
  return killed ? exitError('signal: killed') : describeError(error);
}

/** As Lambda's Node runtime divides a function's memory: a tenth for new objects, in two halves, and the rest for old ones. */
function heapOptions(memoryMegabytes: number): string[] {
  const young = Math.floor(memoryMegabytes / 10);
  return [`--max-semi-space-size=${Math.floor(young / 2)}`, `--max-old-space-size=${memoryMegabytes - young}`];
}

interface FromProcess {
  readonly notice?: Notice;
  readonly crash?: FunctionError;
  readonly answer?: ContainerAnswer;
}

/**
 * Containers that are processes: what such a one takes of memory is what its function takes, as on Lambda, and can be measured. They end with
 * the pool only.
 */
export const inProcesses =
  (script: string): MakePool =>
  (model, { notice, ended }) => {
    const idle: ChildProcess[] = [];
    const all = new Set<ChildProcess>();
    const start = (): ChildProcess => {
      const child = fork(script, argumentsOf(model), {
        env: { ...model.environment },
        execArgv: heapOptions(model.memoryMegabytes),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // As JSON, an event or an answer, which is JSON itself, would be in quotes once more.
        serialization: 'advanced',
      });
      all.add(child);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (bytes: Buffer) => notice({ printed: bytes.toString() }));
      }
      // Not at its exit: what it has sent and printed before may still be on its way then.
      child.on('close', () => {
        all.delete(child);
        if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
        ended();
      });
      return child;
    };
    const run = (
      child: ChildProcess,
      invocation: Invocation,
      signal: AbortSignal,
    ): Promise<ContainerAnswer | Ended> => {
      const { promise, resolve } = Promise.withResolvers<ContainerAnswer | Ended>();
      let crash: FunctionError | undefined;
      const receive = (message: FromProcess): void => {
        if (message.notice) notice(message.notice);
        crash = message.crash ?? crash;
        if (message.answer) resolve(message.answer);
      };
      const close = (code: number | null, ending: NodeJS.Signals | null): void => {
        const how = ending === null ? `exit status ${code}` : `signal: ${ending}`;
        // V8 aborts when the heap is full.
        resolve({ ended: ending === 'SIGABRT' ? OUT_OF_MEMORY : (crash ?? exitError(how)) });
      };
      const abort = (): void => void child.kill('SIGKILL');
      child.on('message', receive).once('close', close);
      signal.addEventListener('abort', abort);
      child.send(invocation, () => {});
      return promise.finally(() => {
        child.off('message', receive).off('close', close);
        signal.removeEventListener('abort', abort);
      });
    };
    return {
      run: async (invocation, signal) => {
        const child = idle.pop() ?? start();
        const answer = await run(child, invocation, signal);
        if (all.has(child) && !('ended' in answer)) idle.push(child);
        return answer;
      },
      alive: () => all.size,
      endOne: () => void idle[0]?.kill('SIGKILL'),
      end: async () => {
        const ending = [...all].map((child) => once(child, 'close'));
        for (const child of all) child.kill('SIGKILL');
        await Promise.all(ending);
      },
    };
  };

const OUT_OF_MEMORY: FunctionError = {
  errorType: 'Runtime.OutOfMemory',
  errorMessage: 'Runtime exited with error: signal: killed',
};

const exitError = (how: string): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `Runtime exited with error: ${how}`,
});
