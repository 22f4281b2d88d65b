import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { AwsError } from '../aws-call.ts';
import type { CallRecord } from '../call-record.ts';
import type { Meter } from '../meter.ts';
import type { MakePool } from './container-pools.ts';
import { type Answer, type ContainerLimits, Containers } from './containers.ts';
import type { FunctionLogs } from './function-log.ts';
import type { FunctionModel } from './function-models.ts';

/** Lambda's limits on events and answers, in bytes: the quotas of the developer guide, as its error messages state them. */
const SYNCHRONOUS_BYTES = 6_291_556;
const ASYNCHRONOUS_BYTES = 1_048_576;

/** How an invocation ended: with the answer of the function, as JSON, or with an error. */
export type Outcome = Answer['result'];

export type InvocationType = 'RequestResponse' | 'Event';

/** What the other parts of the local cloud see of Lambda. */
export interface Invoker {
  /**
   * Invokes a function (by ARN) on an event (JSON). Resolves to its answer or to its error. An event beyond Lambda's limit is thrown
   * as `RequestTooLargeException`, an unknown function as `ResourceNotFoundException`.
   */
  invoke(functionArn: string, event: string, type?: InvocationType): Promise<Outcome>;
}

/** Lambda: runs the template's functions in containers, and meters them. */
export class Lambda implements Invoker {
  readonly #functions: ReadonlyMap<string, FunctionModel>;
  readonly #containers: Containers;
  readonly #meter: Meter;
  readonly #record: CallRecord;
  readonly #logs: FunctionLogs;

  constructor(
    functions: readonly FunctionModel[],
    makePool: MakePool,
    limits: ContainerLimits,
    { meter, record, logs }: { meter: Meter; record: CallRecord; logs: FunctionLogs },
  ) {
    this.#functions = new Map(functions.map((model) => [model.arn, model]));
    this.#meter = meter;
    this.#record = record;
    this.#logs = logs;
    this.#containers = new Containers(limits, makePool, (model, text) => logs.write(model.name, text));
  }

  async invoke(functionArn: string, event: string, type: InvocationType = 'RequestResponse'): Promise<Outcome> {
    const model = this.#functions.get(functionArn);
    if (model === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
    const bytes = Buffer.byteLength(event);
    const limit = type === 'Event' ? ASYNCHRONOUS_BYTES : SYNCHRONOUS_BYTES;
    if (bytes > limit) {
      const message = `${bytes} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`;
      throw new AwsError('RequestTooLargeException', message, 413);
    }
    const requestId = randomUUID();
    const answer = await this.#containers.invoke(model, event, requestId);
    const result = withinAnswerLimit(answer.result);
    this.#account(model, requestId, { ...answer, result });
    return result;
  }

  killContainers(): Promise<void> {
    return this.#containers.killAll();
  }

  async close(): Promise<void> {
    await this.#containers.close();
  }

  /** Bills the invocation and writes the lines that Lambda itself adds to the log, which are billed as well. */
  #account(
    model: FunctionModel,
    requestId: string,
    { result, milliseconds, initMilliseconds, peakMemoryBytes }: Answer,
  ): void {
    // Since August 2025 the time to load a bundle is billed like the run.
    const billed = Math.ceil(milliseconds + initMilliseconds);
    this.#meter.add('lambda.request', 1);
    this.#meter.add('lambda.gbSecond', (billed / 1000) * (model.memoryMegabytes / 1024));
    const usage = this.#meter.usage(model.name);
    usage.invocations += 1;
    usage.errors += result.ok ? 0 : 1;
    usage.coldStarts += initMilliseconds > 0 ? 1 : 0;
    usage.billedMilliseconds += billed;
    usage.initMilliseconds += initMilliseconds;
    usage.peakMemoryBytes = Math.max(usage.peakMemoryBytes, peakMemoryBytes);
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
      this.#record.add(model.logicalId, { action, resource: logStreamOf(model) });
    }
    const init = initMilliseconds > 0 ? `\tInit Duration: ${initMilliseconds.toFixed(2)} ms` : '';
    this.#logs.write(
      model.name,
      `${result.ok ? '' : `${new Date().toISOString()} ${requestId} ${JSON.stringify(result.error)}\n`}` +
        `START RequestId: ${requestId} Version: $LATEST\nEND RequestId: ${requestId}\n` +
        `REPORT RequestId: ${requestId}\tDuration: ${milliseconds.toFixed(2)} ms\tBilled Duration: ${billed} ms\t` +
        `Memory Size: ${model.memoryMegabytes} MB\tMax Memory Used: ${model.memoryMegabytes} MB${init}\n`,
    );
  }
}

/** The ARN of the one log stream that a function has here. */
const logStreamOf = ({ arn, logGroup }: FunctionModel): string => {
  const [, partition, , region, account] = arn.split(':');
  return `arn:${partition}:logs:${region}:${account}:log-group:${logGroup}:log-stream:local`;
};

function withinAnswerLimit(outcome: Outcome): Outcome {
  if (!outcome.ok || Buffer.byteLength(outcome.payload) <= SYNCHRONOUS_BYTES) return outcome;
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${SYNCHRONOUS_BYTES} bytes).`;
  return { ok: false, error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

/**
 * Writes what runs in a container as JavaScript into `folder` and returns its path. Running the TypeScript itself would load Node's
 * type stripper into every one: 12 MB and 45 ms each.
 */
export async function buildContainerScript(folder: string): Promise<string> {
  const path = join(folder, 'container-thread.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./container-thread.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2024',
    logLevel: 'warning',
  });
  return path;
}
