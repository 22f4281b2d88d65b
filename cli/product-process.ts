import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Endpoints, endpointsSchema } from '#local/endpoints.ts';

const START = fileURLToPath(new URL('../local/start.ts', import.meta.url));
const PATIENCE = 120_000;

/** The product as `npm start` runs it, in a process that can be killed and started again on the same state. */
export class ProductProcess {
  readonly #stateDir: string;
  readonly #environment: Readonly<Record<string, string>>;
  #running: ChildProcess | undefined;

  /** `environment` has what `npm start` takes, but for the state directory. */
  constructor(stateDir: string, environment: Readonly<Record<string, string>>) {
    this.#stateDir = stateDir;
    this.#environment = environment;
  }

  /** Resolves when everything answers. */
  async start(): Promise<Endpoints> {
    const path = join(this.#stateDir, 'endpoints.json');
    await rm(path, { force: true });
    const child = spawn(process.execPath, ['--max-semi-space-size=2', START], {
      env: { ...process.env, PORT: '0', AWS_PORT: '0', ...this.#environment, STATE_DIR: this.#stateDir },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#running = child;
    const giveUpAt = performance.now() + PATIENCE;
    while (performance.now() < giveUpAt && child.exitCode === null && child.signalCode === null) {
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text !== null) return endpointsSchema.parse(JSON.parse(text));
      await wait(50);
    }
    throw new Error('The product did not start.');
  }

  /** Ends it, with `kill -9` unless another signal is given; resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#running;
    this.#running = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
