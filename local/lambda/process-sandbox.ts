import { fork } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { exitError, OUT_OF_MEMORY, type StartSandbox } from './sandbox.ts';

/** As Lambda's Node runtime divides a function's memory: a tenth for new objects, in two halves, and the rest for old ones. */
function heapOptions(memoryMegabytes: number): string[] {
  const young = Math.floor(memoryMegabytes / 10);
  return [`--max-semi-space-size=${Math.floor(young / 2)}`, `--max-old-space-size=${memoryMegabytes - young}`];
}

/**
 * Sandboxes that are processes: what such a one takes of memory is what its function takes, as on Lambda, and can be told. `thread` is
 * what `prepareThread` returned.
 */
export const inProcesses =
  (thread: string): StartSandbox =>
  (model, { print, receive, gone }) => {
    const ended = Promise.withResolvers<void>();
    const child = fork(thread, [pathToFileURL(model.bundle).href, model.exportName], {
      env: { ...model.environment },
      execArgv: heapOptions(model.memoryMegabytes),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // As JSON, an event or an answer, which is JSON itself, would be there in quotes once more.
      serialization: 'advanced',
    });
    child.stdout?.on('data', print);
    child.stderr?.on('data', print);
    child.on('message', receive);
    child.on('error', ({ name, message }) => gone({ errorType: name, errorMessage: message }));
    // Not at its exit: what it has sent and printed before may still be on its way then.
    child.on('close', (code, signal) => {
      ended.resolve();
      // V8 aborts when the heap is full.
      if (signal === 'SIGABRT') gone(OUT_OF_MEMORY);
      else gone(exitError(signal === null ? `exit status ${code}` : `signal: ${signal}`));
    });
    return {
      // Whether it could be sent needs no look: a process that takes no message is about to be gone.
      post: (message) => void child.send(message, () => {}),
      end: async () => {
        child.kill('SIGKILL');
        await ended.promise;
      },
    };
  };
