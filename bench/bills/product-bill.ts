import type { BatchFunction, VirtualBatch } from '../counted/virtual-batch.ts';
import type { Bill, BilledLine } from './bill.ts';

/** What loading a function may take at most, in seconds (`docs/decisions/0007-what-a-cold-start-loads.md`). */
const LOAD_SECONDS = 0.15;
/**
 * What the processor adds to waiting with 512 MB, in seconds: for each call, and for the first calls of a container, which open its connections and run code
 * that is not optimized yet (`docs/decisions/0009-what-chunk-workers-are-given.md`).
 */
const PROCESSOR_SECONDS = { call: 0.001, container: 0.75 };
/** The functions that call FinPro read its credentials once a container. */
const CALLERS = ['start-chunk', 'advance-chunk'] as const;
const WORKERS = ['schedule-batch', ...CALLERS, 'recover-batches'] as const satisfies readonly BatchFunction[];

export interface BillingFacts {
  /** MB of each function. */
  readonly memory: ReadonlyMap<string, number>;
  /** Bytes that an invocation logs, metrics included. */
  readonly logBytes: number;
}

/**
 * What AWS bills for batches that were counted on a virtual clock. Every container is taken to be started for them, and recovery, which runs once
 * a minute whatever there is to do, is billed to them alone.
 */
export function productBill(design: string, batch: VirtualBatch, { memory, logBytes }: BillingFacts): Bill {
  const { units, transitions, functions, messages, upstream } = batch;
  const line = (unit: BilledLine['unit'], count: number, what: string): BilledLine => ({ unit, count, what });
  const gigabytes = (name: BatchFunction): number => {
    const megabytes = memory.get(name);
    if (megabytes === undefined) throw new Error(`the stack has no function ${name}`);
    return megabytes / 1024;
  };
  const sum = (of: (name: BatchFunction) => number): number => WORKERS.reduce((total, name) => total + of(name), 0);
  const invocations = sum((name) => functions[name].invocations);
  const containers = CALLERS.reduce((total, name) => total + functions[name].mostAtOnce, 0);
  const calls = upstream.fiRequests + upstream.statusCalls + upstream.balanceCalls;
  return {
    design,
    lines: [
      line('states.transition', transitions, 'Wait, AdvanceChunk and IsDone a round of a chunk, and one at its end'),
      line('dynamodb.writeUnit', units['dynamodb.writeUnit'], 'units'),
      line('dynamodb.indexWriteUnit', units['dynamodb.indexWriteUnit'], 'units of the open batches'),
      line('dynamodb.readUnit', units['dynamodb.readUnit'], 'units'),
      line('lambda.request', invocations, 'invocations'),
      line(
        'lambda.gbSecond',
        sum((name) => (functions[name].milliseconds / 1000) * gigabytes(name)),
        'GB-seconds of waiting for FinPro and the table',
      ),
      line(
        'lambda.gbSecond',
        (calls * PROCESSOR_SECONDS.call + containers * PROCESSOR_SECONDS.container) * gigabytes('advance-chunk'),
        'GB-seconds of the processor beside it: 1 ms a call, 0.75 s in a new container',
      ),
      line(
        'lambda.gbSecond',
        sum((name) => functions[name].mostAtOnce * LOAD_SECONDS * gigabytes(name)),
        'GB-seconds of loading, in as many containers as there are invocations at once',
      ),
      line(
        'sqs.request',
        messages.sends + 2 * messages.deliveries,
        'ten messages sent at a time; received and deleted',
      ),
      line('sqs.fairRequest', messages.sends, 'of them sent with a message group'),
      line('secretsmanager.request', containers, 'FinPro credentials, once a container'),
      line('apigateway.request', functions['schedule-batch'].invocations, 'the acceptance'),
      line('logs.byte', invocations * logBytes, 'log bytes, metrics included'),
    ],
  };
}
