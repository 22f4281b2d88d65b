import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { guidOf, Product } from './product.ts';

const TIME_SCALE = 0.02;
const ROWS = 2_000;
const REFERENCE = 'killed-in-the-middle';

const endpointsFile = z.object({
  api: z.string(),
  simulator: z.string(),
  tenants: z.array(
    z.object({
      organisationId: z.string(),
      client_id: z.string(),
      client_secret: z.string(),
      appIdentifier: z.string(),
    }),
  ),
});

let simulator: Simulator;
let stateDir: string;
let running: ChildProcess | undefined;

beforeEach(async () => {
  simulator = await startSimulator({ port: 0, timeScale: TIME_SCALE });
  stateDir = await mkdtemp(join(tmpdir(), 'restart-'));
});
afterEach(async () => {
  await kill();
  await simulator.close();
  await rm(stateDir, { recursive: true, force: true });
});

/** `npm start`, as a process of its own; resolves when it says that everything answers. */
async function start(): Promise<Product> {
  await rm(join(stateDir, 'endpoints.json'), { force: true });
  running = spawn(process.execPath, ['local/start.ts'], {
    env: {
      ...process.env,
      PORT: '0',
      SIMULATOR_PORT: String(simulator.port),
      TIME_SCALE: String(TIME_SCALE),
      STATE_DIR: stateDir,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const text = await readFile(join(stateDir, 'endpoints.json'), 'utf8').catch(() => null);
    if (text !== null) {
      const endpoints = endpointsFile.parse(JSON.parse(text));
      return new Product(endpoints, endpoints.tenants[0]);
    }
    if (performance.now() > giveUpAt || running.exitCode !== null)
      throw new Error('the local environment did not start');
    await wait(100);
  }
}

async function kill(): Promise<void> {
  const child = running;
  running = undefined;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('a batch whose whole cloud is killed in the middle completes after a restart, with one FI request a row', async () => {
  const before = await start();
  const consents = Array.from({ length: ROWS }, (_, row) => guidOf(`restart-${row}`));
  const accepted = await before.post('/v2/schedule/fi/requests', {
    reference_id: REFERENCE,
    consents_list: consents.map((consent_id) => ({ consent_id })),
  });
  expect(accepted.status).toBe(200);
  for (let seen = 0; seen < ROWS / 10; ) {
    const { summary } = await before.status(REFERENCE, { limit: 1 });
    seen = summary.completed + summary.failed;
    await wait(50);
  }
  await kill();

  const after = await start();
  const { summary } = await after.finished(REFERENCE, 150);
  expect(summary).toEqual({ total: ROWS, ready: 0, in_progress: 0, completed: ROWS, failed: 0 });
  const sent = await Promise.all(consents.map((consent) => after.callsFor(consent)));
  expect(new Set(sent.map(({ fiRequests }) => fiRequests))).toEqual(new Set([1]));
}, 240_000);
