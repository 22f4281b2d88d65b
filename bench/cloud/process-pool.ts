import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ContainerAnswer, FunctionError, Invocation, Notice } from '#local/lambda/container-messages.ts';
import { argumentsOf, type Ended, exitError, type MakePool, OUT_OF_MEMORY } from '#local/lambda/container-pools.ts';

/** As Lambda's Node runtime divides a function's memory: a tenth for new objects, in two halves, and the rest for old ones. */
function heapOptions(memoryMegabytes: number): string[] {
  const young = Math.floor(memoryMegabytes / 10);
  return [`--max-semi-space-size=${Math.floor(young / 2)}`, `--max-old-space-size=${memoryMegabytes - young}`];
}

interface FromProcess {
  readonly notice?: Notice;
  readonly crash?: FunctionError;
  readonly answer?: ContainerAnswer;
}

/**
 * Containers that are processes: what such a one takes of memory is what its function takes, as on Lambda, and can be measured. They end with
 * the pool only.
 */
export const inProcesses =
  (script: string): MakePool =>
  (model, { notice, ended }) => {
    const idle: ChildProcess[] = [];
    const all = new Set<ChildProcess>();
    const start = (): ChildProcess => {
      const child = fork(script, argumentsOf(model), {
        env: { ...model.environment },
        execArgv: heapOptions(model.memoryMegabytes),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // As JSON, an event or an answer, which is JSON itself, would be in quotes once more.
        serialization: 'advanced',
      });
      all.add(child);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (bytes: Buffer) => notice({ printed: bytes.toString() }));
      }
      // Not at its exit: what it has sent and printed before may still be on its way then.
      child.on('close', () => {
        all.delete(child);
        if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
        ended();
      });
      return child;
    };
    const run = (
      child: ChildProcess,
      invocation: Invocation,
      signal: AbortSignal,
    ): Promise<ContainerAnswer | Ended> => {
      const { promise, resolve } = Promise.withResolvers<ContainerAnswer | Ended>();
      let crash: FunctionError | undefined;
      const receive = (message: FromProcess): void => {
        if (message.notice) notice(message.notice);
        crash = message.crash ?? crash;
        if (message.answer) resolve(message.answer);
      };
      const close = (code: number | null, ending: NodeJS.Signals | null): void => {
        const how = ending === null ? `exit status ${code}` : `signal: ${ending}`;
        // V8 aborts when the heap is full.
        resolve({ ended: ending === 'SIGABRT' ? OUT_OF_MEMORY : (crash ?? exitError(how)) });
      };
      const abort = (): void => void child.kill('SIGKILL');
      child.on('message', receive).once('close', close);
      signal.addEventListener('abort', abort);
      child.send(invocation, () => {});
      return promise.finally(() => {
        child.off('message', receive).off('close', close);
        signal.removeEventListener('abort', abort);
      });
    };
    return {
      run: async (invocation, signal) => {
        const child = idle.pop() ?? start();
        const answer = await run(child, invocation, signal);
        if (all.has(child) && !('ended' in answer)) idle.push(child);
        return answer;
      },
      alive: () => all.size,
      endOne: () => void idle[0]?.kill('SIGKILL'),
      end: async () => {
        const ending = [...all].map((child) => once(child, 'close'));
        for (const child of all) child.kill('SIGKILL');
        await Promise.all(ending);
      },
    };
  };
