import { parentPort, workerData } from 'node:worker_threads';
import type { ContainerMessage, ContainerStart, FunctionError, InvocationMessage } from './container-messages.ts';

// Runs in a thread of its own, one for each container. It is kept to what Node has, since every thread pays for what it loads.

const start: ContainerStart = workerData;

const send = (message: ContainerMessage): void => parentPort?.postMessage(message);

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

/** What this thread's heap has grown to, and its buffers; the code of Node itself is shared with the other threads. */
function memoryBytes(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}

async function load(): Promise<(event: unknown, context: object) => unknown> {
  if (start.sourceMaps) process.setSourceMapsEnabled(true);
  const bundle = await import(start.bundle);
  const handler: unknown = bundle[start.exportName] ?? bundle.default?.[start.exportName];
  if (typeof handler !== 'function') throw new Error(`${start.bundle} exports no function ${start.exportName}`);
  return (event, context) => handler(event, context);
}

try {
  const handler = await load();
  parentPort?.on('message', async (invocation: InvocationMessage) => {
    process.env['_X_AMZN_TRACE_ID'] =
      `Root=1-00000000-${invocation.requestId.replaceAll('-', '').slice(0, 24)};Parent=${invocation.requestId.replaceAll('-', '').slice(0, 16)};Sampled=0`;
    try {
      const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
      send({ kind: 'result', payload: JSON.stringify(result) ?? 'null', memoryBytes: memoryBytes() });
    } catch (error) {
      send({ kind: 'error', error: describe(error), memoryBytes: memoryBytes() });
    }
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'init-error', error: describe(error) });
}
