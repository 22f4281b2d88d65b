import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { exitError, OUT_OF_MEMORY, type StartSandbox } from './sandbox.ts';

/**
 * What a thread's heap may take, however much memory the function has. V8 fills what it is given before it cleans up, and a laptop has
 * to have room for all containers at once.
 */
const HEAP_MEGABYTES = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 };

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

/** Sandboxes that are threads: they start quickly and share Node's own memory. `thread` is what `prepareThread` returned. */
export const inThreads =
  (thread: string): StartSandbox =>
  (model, { print, receive, gone }) => {
    const worker = new Worker(thread, {
      argv: [pathToFileURL(model.bundle).href, model.exportName],
      env: { ...model.environment },
      stdout: true,
      stderr: true,
      name: model.logicalId,
      resourceLimits: HEAP_MEGABYTES,
    });
    worker.stdout.on('data', print);
    worker.stderr.on('data', print);
    worker.on('message', receive);
    worker.on('error', (error) =>
      gone(
        isOutOfMemory(error)
          ? OUT_OF_MEMORY
          : { errorType: error instanceof Error ? error.name : 'Error', errorMessage: String(error) },
      ),
    );
    worker.on('exit', (code) => gone(exitError(`exit status ${code}`)));
    return {
      post: (message) => worker.postMessage(message),
      end: async () => {
        await worker.terminate();
      },
    };
  };
