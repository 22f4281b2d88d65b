import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ContainerMessage, ContainerStart, FunctionError, InvocationMessage } from './container-messages.ts';
import type { FunctionModel } from './function-models.ts';

/** How an invocation ended, and how long the handler ran. */
export type Outcome =
  | { readonly ok: true; readonly payload: string; readonly milliseconds: number }
  | { readonly ok: false; readonly error: FunctionError; readonly milliseconds: number };

interface Running {
  readonly requestId: string;
  readonly startedAt: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * What a thread's heap may take, however much memory the function has. V8 fills what it is given before it cleans up, and a laptop has
 * to have room for all containers at once.
 */
const HEAP_MEGABYTES = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 };

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

/** One container of a function: a thread that has its bundle loaded and runs one invocation at a time. */
export class Container {
  /** When it last had nothing to do, in milliseconds of `performance.now()`. */
  idleSince = performance.now();
  /** How long loading the bundle took; 0 until it is loaded. */
  initMilliseconds = 0;
  /** What its heap and buffers took at the end of the invocation that left them largest, in bytes. */
  peakMemoryBytes = 0;
  readonly #worker: Worker;
  readonly #model: FunctionModel;
  readonly #startedAt = performance.now();
  readonly #ready = Promise.withResolvers<FunctionError | undefined>();
  #running: Running | undefined;
  #dead = false;

  /** `thread` is the file that container-thread.ts became; whatever the function prints goes to `print`. */
  constructor(model: FunctionModel, thread: string, print: (text: Buffer) => void) {
    this.#model = model;
    const start: ContainerStart = {
      bundle: pathToFileURL(model.bundle).href,
      exportName: model.exportName,
      sourceMaps: model.environment['NODE_OPTIONS']?.includes('--enable-source-maps') ?? false,
    };
    this.#worker = new Worker(thread, {
      workerData: start,
      env: { ...model.environment },
      stdout: true,
      stderr: true,
      name: model.logicalId,
      resourceLimits: HEAP_MEGABYTES,
    });
    this.#worker.stdout.on('data', print);
    this.#worker.stderr.on('data', print);
    this.#worker.on('message', (message: ContainerMessage) => this.#receive(message));
    this.#worker.on('error', (error) =>
      this.#end(
        isOutOfMemory(error)
          ? { errorType: 'Runtime.OutOfMemory', errorMessage: 'Runtime exited with error: signal: killed' }
          : { errorType: error instanceof Error ? error.name : 'Error', errorMessage: String(error) },
      ),
    );
    this.#worker.on('exit', (code) =>
      this.#end({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: exit status ${code}` }),
    );
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Resolves once the bundle is loaded: to nothing, or to why it could not be. */
  ready(): Promise<FunctionError | undefined> {
    return this.#ready.promise;
  }

  /** Runs the handler on an event (JSON). Never rejects; a function that times out or crashes takes its container with it. */
  invoke(event: string, requestId: string = randomUUID()): Promise<Outcome> {
    return new Promise((settle) => {
      const limit = this.#model.timeoutMilliseconds;
      const timer = setTimeout(() => {
        const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(limit / 1000).toFixed(2)} seconds`;
        this.#end({ errorType: 'Sandbox.Timedout', errorMessage });
      }, limit);
      this.#running = { requestId, startedAt: performance.now(), timer, settle };
      if (this.#dead) this.#end({ errorType: 'Runtime.ExitError', errorMessage: 'the container is gone' });
      const message: InvocationMessage = {
        requestId,
        event,
        deadline: Date.now() + limit,
        functionName: this.#model.name,
        functionArn: this.#model.arn,
        memoryMegabytes: String(this.#model.memoryMegabytes),
      };
      this.#worker.postMessage(message);
    });
  }

  /** Stops the thread; an invocation under way ends as if the runtime had exited. */
  async kill(): Promise<void> {
    this.#end({ errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: signal: killed' });
    await this.#worker.terminate();
  }

  #receive(message: ContainerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.initMilliseconds = performance.now() - this.#startedAt;
        this.#ready.resolve(undefined);
        break;
      case 'init-error':
        this.#end(message.error);
        break;
      case 'result':
        this.peakMemoryBytes = Math.max(this.peakMemoryBytes, message.memoryBytes);
        this.#settle({ ok: true, payload: message.payload });
        break;
      case 'error':
        this.peakMemoryBytes = Math.max(this.peakMemoryBytes, message.memoryBytes);
        this.#settle({ ok: false, error: message.error });
    }
  }

  #settle(outcome: { ok: true; payload: string } | { ok: false; error: FunctionError }): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    clearTimeout(running.timer);
    this.idleSince = performance.now();
    running.settle({ ...outcome, milliseconds: this.idleSince - running.startedAt });
  }

  #end(error: FunctionError): void {
    if (!this.#dead) {
      this.#dead = true;
      void this.#worker.terminate();
    }
    this.#ready.resolve(error);
    this.#settle({ ok: false, error });
  }
}
