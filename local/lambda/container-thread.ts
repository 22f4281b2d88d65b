import { parentPort } from 'node:worker_threads';
import { type ContainerAnswer, clock, describeError, type Invocation, type Notice } from './container-messages.ts';
import { peakMemoryBytes } from './peak-memory.ts';

// Runs in its own thread or process, one per container. It uses only what Node has, since each container pays for what it loads.

/** The URL of the bundle's file, and the export of it to call. */
const [, , bundleUrl = '', exportName = ''] = process.argv;

type Handler = (event: unknown, context: object) => unknown;
let loading: Promise<Handler> | undefined;

async function load(): Promise<Handler> {
  // Node has looked at the options of a process by itself, but not at those of a thread.
  if (process.env['NODE_OPTIONS']?.includes('--enable-source-maps')) process.setSourceMapsEnabled(true);
  const bundle = await import(bundleUrl);
  const handler: unknown = bundle[exportName] ?? bundle.default?.[exportName];
  if (typeof handler !== 'function') throw new Error(`${bundleUrl} exports no function ${exportName}`);
  return (event, context) => handler(event, context);
}

const notify = (notice: Notice): void => {
  if (parentPort) parentPort.postMessage(notice);
  else process.send?.({ notice });
};

function contextOf(invocation: Invocation): object {
  const deadline = Date.now() + invocation.timeoutMilliseconds;
  return {
    awsRequestId: invocation.requestId,
    functionName: invocation.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: invocation.functionArn,
    memoryLimitInMB: invocation.memoryMegabytes,
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** Runs the handler on an event. The first call loads the bundle; one that can't be loaded is thrown where it ends the container. */
export default async function invoke(invocation: Invocation): Promise<ContainerAnswer> {
  const cold = loading === undefined;
  loading ??= load();
  const handler = await loading.catch((error: unknown) => {
    setImmediate(() => {
      throw error;
    });
    return new Promise<never>(() => {});
  });
  const startedAt = clock();
  notify({ started: invocation.requestId });
  const trace = invocation.requestId.replaceAll('-', '');
  process.env['_X_AMZN_TRACE_ID'] = `Root=1-00000000-${trace.slice(0, 24)};Parent=${trace.slice(0, 16)};Sampled=0`;
  const result = await run(handler, invocation);
  return {
    result,
    milliseconds: clock() - startedAt,
    cold,
    startedAt,
    peakMemoryBytes: parentPort ? 0 : peakMemoryBytes(),
  };
}

async function run(handler: Handler, invocation: Invocation): Promise<ContainerAnswer['result']> {
  try {
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    return { ok: true, payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { ok: false, error: describeError(error) };
  }
}

if (parentPort) {
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array) => {
      notify({ printed: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
      return true;
    };
  }
} else {
  process.on('uncaughtException', (error) => {
    process.send?.({ crash: describeError(error) }, () => process.exit(1));
  });
  // A process whose parent is gone has nobody to end it.
  process.on('disconnect', () => process.exit());
  process.on('message', async (invocation: Invocation) => process.send?.({ answer: await invoke(invocation) }));
}
