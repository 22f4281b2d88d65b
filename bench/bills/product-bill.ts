import type { FunctionModel } from '#local/lambda/function-models.ts';
import type { BatchFunction, VirtualBatch } from '../counted/virtual-batch.ts';
import type { Bill } from './bill.ts';

/** What loading a function may take at most, in seconds (`docs/decisions/0007-what-a-cold-start-loads.md`). */
const LOAD_SECONDS = 0.15;
/**
 * What the processor adds to waiting with 512 MB, in seconds: per call, and for the first calls of a container, which open its connections and run code
 * that isn't optimized yet (`docs/decisions/0009-what-chunk-workers-are-given.md`).
 */
const PROCESSOR_SECONDS = { call: 0.001, container: 0.75 };
/** The functions that call FinPro read its credentials once per container. */
const CALLERS = ['start-chunk', 'advance-chunk'] as const;
const WORKERS = ['schedule-batch', ...CALLERS, 'recover-batches'] as const satisfies readonly BatchFunction[];

export interface BillingFacts {
  /** As deployed, with their memory. */
  readonly functions: ReadonlyMap<string, Pick<FunctionModel, 'memoryMegabytes'>>;
  /** Bytes that an invocation logs, metrics included. */
  readonly logBytes: number;
}

/**
 * What AWS bills for batches that were counted on a virtual clock. Every container counts as started for them, and recovery, which runs once
 * a minute whatever there is to do, is billed to them alone.
 */
export function productBill(design: string, batch: VirtualBatch, facts: BillingFacts): Bill {
  const { units, transitions, functions, messages, upstream } = batch;
  const gigabytes = (name: BatchFunction): number => {
    const model = facts.functions.get(name);
    if (!model) throw new Error(`the stack has no function ${name}`);
    return model.memoryMegabytes / 1024;
  };
  const sum = (of: (name: BatchFunction) => number): number => WORKERS.reduce((total, name) => total + of(name), 0);
  const invocations = sum((name) => functions[name].invocations);
  const waiting = sum((name) => (functions[name].milliseconds / 1000) * gigabytes(name));
  const loading = sum((name) => functions[name].mostAtOnce * LOAD_SECONDS * gigabytes(name));
  const containers = CALLERS.reduce((total, name) => total + functions[name].mostAtOnce, 0);
  const calls = upstream.fiRequests + upstream.statusCalls + upstream.balanceCalls;
  const processor = calls * PROCESSOR_SECONDS.call + containers * PROCESSOR_SECONDS.container;
  return {
    design,
    lines: [
      {
        unit: 'states.transition',
        count: transitions,
        what: 'Wait, AdvanceChunk, IsDone per round; one end per chunk',
      },
      { unit: 'dynamodb.writeUnit', count: units.write, what: 'units of the table' },
      { unit: 'dynamodb.indexWriteUnit', count: units.indexWrite, what: 'units of the index' },
      { unit: 'dynamodb.readUnit', count: units.read, what: 'units' },
      { unit: 'lambda.request', count: invocations, what: 'invocations' },
      { unit: 'lambda.gbSecond', count: waiting, what: 'waiting for FinPro and the table' },
      {
        unit: 'lambda.gbSecond',
        count: processor * gigabytes('advance-chunk'),
        what: '1 ms per call, 0.75 s per new container',
      },
      { unit: 'lambda.gbSecond', count: loading, what: 'loading, in as many containers as run at once' },
      {
        unit: 'sqs.request',
        count: messages.sends + 2 * messages.deliveries,
        what: 'ten sent at a time; received, deleted',
      },
      { unit: 'sqs.fairRequest', count: messages.sends, what: 'sent with a message group' },
      { unit: 'secretsmanager.request', count: containers, what: 'FinPro credentials, once per container' },
      { unit: 'apigateway.request', count: functions['schedule-batch'].invocations, what: 'the acceptance' },
      { unit: 'logs.byte', count: invocations * facts.logBytes, what: 'log bytes, metrics included' },
    ],
  };
}
