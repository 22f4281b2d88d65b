import { parentPort } from 'node:worker_threads';
import type { ContainerMessage, FunctionError, InvocationMessage } from './container-messages.ts';
import { peakMemoryBytes } from './peak-memory.ts';

// Runs in a thread or a process of its own, one for each container. It is kept to what Node has, since every one pays for what it loads.

/** The URL of the bundle's file, and the export of it to call. */
const [, , bundleUrl = '', exportName = ''] = process.argv;

/** Where invocations come from. */
const channel: { on(event: 'message', run: (invocation: InvocationMessage) => void): unknown } = parentPort ?? process;

function send(message: ContainerMessage): void {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
}

function describe(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
}

function contextOf(invocation: InvocationMessage): object {
  return {
    awsRequestId: invocation.requestId,
    functionName: invocation.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: invocation.functionArn,
    memoryLimitInMB: invocation.memoryMegabytes,
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
  };
}

/** The process's peak; a thread has none of its own. */
const peak = (): number => (parentPort ? 0 : peakMemoryBytes());

async function load(): Promise<(event: unknown, context: object) => unknown> {
  // Node has looked at the options of a process by itself, but not at those of a thread.
  if (process.env['NODE_OPTIONS']?.includes('--enable-source-maps')) process.setSourceMapsEnabled(true);
  const bundle = await import(bundleUrl);
  const handler: unknown = bundle[exportName] ?? bundle.default?.[exportName];
  if (typeof handler !== 'function') throw new Error(`${bundleUrl} exports no function ${exportName}`);
  return (event, context) => handler(event, context);
}

const crash = (error: unknown): void => send({ kind: 'crash', error: describe(error) });

process.on('uncaughtException', crash);
// A process whose parent is gone has nobody to end it.
process.on('disconnect', () => process.exit());
try {
  const handler = await load();
  channel.on('message', async (invocation) => {
    process.env['_X_AMZN_TRACE_ID'] =
      `Root=1-00000000-${invocation.requestId.replaceAll('-', '').slice(0, 24)};Parent=${invocation.requestId.replaceAll('-', '').slice(0, 16)};Sampled=0`;
    try {
      const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
      send({ kind: 'result', payload: JSON.stringify(result) ?? 'null', peakMemoryBytes: peak() });
    } catch (error) {
      send({ kind: 'error', error: describe(error), peakMemoryBytes: peak() });
    }
  });
  send({ kind: 'ready' });
} catch (error) {
  crash(error);
}
