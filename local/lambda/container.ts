import { randomUUID } from 'node:crypto';
import { type ContainerMessage, containerMessage, type FunctionError } from './container-messages.ts';
import type { FunctionModel } from './function-models.ts';
import { exitError, type Sandbox, type StartSandbox } from './sandbox.ts';

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

/** One container of a function: a sandbox that has its bundle loaded and runs one invocation at a time. */
export class Container {
  /** When it last had nothing to do, in milliseconds of `performance.now()`. */
  idleSince = performance.now();
  /** How long loading the bundle took; 0 until it is loaded. */
  initMilliseconds = 0;
  /** The most memory that it has had, as of its last invocation; 0 in a thread. */
  peakMemoryBytes = 0;
  readonly #sandbox: Sandbox;
  readonly #model: FunctionModel;
  readonly #startedAt = performance.now();
  readonly #ready = Promise.withResolvers<FunctionError | undefined>();
  #running: Running | undefined;
  #dead = false;

  /** Whatever the function prints goes to `print`. */
  constructor(model: FunctionModel, start: StartSandbox, print: (text: Buffer) => void) {
    this.#model = model;
    this.#sandbox = start(model, {
      print,
      receive: (message) => this.#receive(containerMessage.parse(message)),
      gone: (error) => this.#end(error),
    });
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
      this.#sandbox.post({
        requestId,
        event,
        deadline: Date.now() + limit,
        functionName: this.#model.name,
        functionArn: this.#model.arn,
        memoryMegabytes: String(this.#model.memoryMegabytes),
      });
    });
  }

  /** Ends the sandbox; an invocation under way ends as if the runtime had exited. */
  async kill(): Promise<void> {
    this.#end(exitError('signal: killed'));
    await this.#sandbox.end();
  }

  #receive(message: ContainerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.initMilliseconds = performance.now() - this.#startedAt;
        this.#ready.resolve(undefined);
        break;
      case 'crash':
        this.#end(message.error);
        break;
      case 'result':
        this.peakMemoryBytes = message.peakMemoryBytes;
        this.#settle({ ok: true, payload: message.payload });
        break;
      case 'error':
        this.peakMemoryBytes = message.peakMemoryBytes;
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
      void this.#sandbox.end();
    }
    this.#ready.resolve(error);
    this.#settle({ ok: false, error });
  }
}
