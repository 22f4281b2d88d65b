import { setTimeout as delay } from 'node:timers/promises';
import { type RunOptions, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { z } from 'zod';
import type { Invoker } from '../lambda/lambda.ts';
import { LONGEST_TIMER_SECONDS, type RunnableDefinition, readDefinition } from './definition.ts';

type Json = z.infer<ReturnType<typeof z.json>>;

/** A run of a state machine. `ended` resolves to the output; it rejects with the failure, whose name is the error's. */
export interface Run {
  readonly ended: Promise<Json>;
  abort(): void;
}

/** What a run tells while it goes on. */
export interface RunListener {
  /** A state was entered (or, with `again`, is retried), which AWS bills as one transition. */
  transition(state: string, input: Json, again: boolean): void;
}

/** What a task may take in or give back, in bytes of JSON. */
export const PAYLOAD_BYTES = 262_144;

const isDefinition = (value: unknown): value is StateMachineDefinition => typeof value === 'object' && value !== null;

/** Runs one state machine of the template on aws-local-stepfunctions, its tasks on the local Lambda. */
export class Runner {
  /** The functions that its tasks call, by ARN. */
  readonly functionArns: readonly string[];
  readonly #runnable: RunnableDefinition;
  readonly #lambda: Invoker;

  /** Throws on a definition that is not valid, or that the library could not run faithfully. */
  constructor(definition: string, timeScale: number, lambda: Invoker) {
    const original: unknown = JSON.parse(definition);
    // Scaled intervals are no longer whole seconds, so the original is validated.
    if (isDefinition(original)) new StateMachine(original, { validationOptions: { checkArn: false } });
    this.#runnable = readDefinition(definition, timeScale);
    this.#lambda = lambda;
    this.functionArns = [...this.#runnable.tasks.values()];
  }

  /** Starts a run on an input, at the start or at a state that an earlier run had entered. */
  run(input: Json, startAt: string | undefined, context: RunOptions['context'], listener: RunListener): Run {
    const { definition, tasks, waits } = this.#runnable;
    const aborting = new AbortController();
    const { signal } = aborting;
    const localTasks = [
      ...[...tasks].map(
        ([name, arn]) => [name, (event: Json) => unlessAborted(signal, () => this.#invoke(arn, event))] as const,
      ),
      ...[...waits].map(([name, path]) => [name, (event: Json) => waitUntil(path, event, signal)] as const),
    ];
    const started = {
      ...definition,
      ...(startAt === undefined || !(startAt in definition.States) ? {} : { StartAt: startAt }),
    };
    if (!isDefinition(started)) throw new Error('the state machine has no definition');
    const run = new StateMachine(started, { validationOptions: { noValidate: true } }).run(input, {
      ...(context === undefined ? {} : { context }),
      overrides: { taskResourceLocalHandlers: Object.fromEntries(localTasks) },
    });
    void this.#follow(run.eventLogs, listener);
    const abort = (): void => {
      run.abort();
      aborting.abort();
    };
    return { ended: run.result, abort };
  }

  async #follow(events: ReturnType<StateMachine['run']>['eventLogs'], listener: RunListener): Promise<void> {
    for await (const event of events) {
      if (event.type === 'StateEntered') listener.transition(event.state.name, event.state.input, false);
      if (event.type === 'StateRetried') listener.transition(event.state.name, event.state.input, true);
    }
  }

  async #invoke(functionArn: string, event: Json): Promise<Json> {
    const outcome = await this.#lambda.invoke(functionArn, JSON.stringify(event));
    if (!outcome.ok) throw failure(outcome.error.errorType, JSON.stringify(outcome.error));
    if (Buffer.byteLength(outcome.payload) > PAYLOAD_BYTES) {
      throw failure('States.DataLimitExceeded', 'the result of the task is larger than 256 KB');
    }
    return z.json().parse(JSON.parse(outcome.payload));
  }
}

/** RFC 3339, as Step Functions asks for. */
const timestampSchema = z.iso.datetime({ offset: true });

/**
 * Does a task of a run, and gives it up once the run is aborted: what it called goes on, as on AWS, but the library's timer of the task's
 * timeout, which would keep the process going for weeks, is cleared, and a failure is not retried.
 */
async function unlessAborted(signal: AbortSignal, task: () => Promise<Json>): Promise<Json> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const aborting = Object.assign(failure('Aborted', 'the run was aborted'), { isRetryable: false });
  // The wait for another try ends when the run is aborted, and the try would begin.
  if (signal.aborted) throw aborting;
  const giveUp = (): void => reject(aborting);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([task(), aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Gives back the input once the time has come that stands in it at `path`; at once if it has gone by. Fails when the run is aborted. */
async function waitUntil(path: readonly string[], input: Json, signal: AbortSignal): Promise<Json> {
  let found: unknown = input;
  for (const name of path) found = z.record(z.string(), z.unknown()).safeParse(found).data?.[name];
  const timestamp = timestampSchema.safeParse(found);
  if (!timestamp.success) throw failure('States.Runtime', `no timestamp at $.${path.join('.')}`);
  const until = new Date(timestamp.data).getTime();
  for (let left = until - Date.now(); left > 0; left = until - Date.now()) {
    // An execution that waits must not keep a process going whose local cloud has closed.
    await delay(Math.min(left, LONGEST_TIMER_SECONDS * 1000), undefined, { ref: false, signal });
  }
  return input;
}

/** An error that Retry and Catch match by its name. */
function failure(name: string, cause: string): Error {
  const error = new Error(cause);
  error.name = name;
  return error;
}
