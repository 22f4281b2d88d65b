import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

export interface ChildOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the child and everything it has started. */
  readonly signal: AbortSignal;
}

const GRACE_MILLISECONDS = 5_000;

/** Running children. Each leads a process group, so that what it starts ends with it. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

/**
 * Runs a command to its end and returns what it printed to standard output.
 * @throws Error with the last lines of its output, when it fails or takes longer than `seconds`
 */
export async function run(
  [command = '', ...args]: readonly string[],
  { signal, ...options }: ChildOptions,
  seconds: number,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stop = () => void stopGroup(child);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  limit.addEventListener('abort', stop, { once: true });
  running.add(child);
  try {
    const ended = once(child, 'close');
    const [output, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (limit.aborted)
      throw new Error(`${command} ${args[0]} was stopped: ${String(limit.reason)}\n${lastLines(output + errors)}`);
    if (exitCode !== 0) throw new Error(`${command} ${args[0]} ended with ${exitCode}:\n${lastLines(output + errors)}`);
    return output;
  } finally {
    limit.removeEventListener('abort', stop);
    running.delete(child);
  }
}

/** A command that runs until it's stopped. */
export interface Server {
  /** Whether it has ended by itself. */
  readonly hasEnded: boolean;
  /** Ends it and everything it has started. */
  stop(): Promise<void>;
}

/** Starts a command that runs until it's stopped, with its output in the file `log`. */
export function startServer(
  [command = '', ...args]: readonly string[],
  { signal, ...options }: ChildOptions,
  log: string,
): Server {
  signal.throwIfAborted();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const file = createWriteStream(log);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  running.add(child);
  let hasEnded = false;
  child.once('error', () => {
    hasEnded = true;
  });
  child.once('exit', () => {
    hasEnded = true;
  });
  const stop = async (): Promise<void> => {
    await stopGroup(child);
    running.delete(child);
    file.end();
  };
  signal.addEventListener('abort', () => void stop(), { once: true });
  return {
    get hasEnded() {
      return hasEnded;
    },
    stop,
  };
}

/** Asks a process group to end, and kills it after a few seconds. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const giveUpAt = performance.now() + GRACE_MILLISECONDS;
  for (let asked = signalGroup(child, 'SIGTERM'); asked; asked = signalGroup(child, 0)) {
    if (performance.now() > giveUpAt) {
      signalGroup(child, 'SIGKILL');
      return;
    }
    await wait(50);
  }
}

/** False when the group is empty. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

const LINES = 40;
const lastLines = (output: string): string => output.trimEnd().split('\n').slice(-LINES).join('\n');
