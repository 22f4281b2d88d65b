import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run, startServer } from '#verify/child.ts';

const env = process.env;
const node = (script: string): string[] => [process.execPath, '--eval', script];
/** Starts a process of its own, says which, and goes on for ever: as an emulator with the functions that it runs. */
const PARENT = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  console.log(child.pid);
  setInterval(() => {}, 1000);`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'child-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process that a server's parent has started. */
async function grandchild(log: string): Promise<number> {
  await expect.poll(() => readFile(log, 'utf8').catch(() => ''), { timeout: 20_000 }).toMatch(/^\d+\n$/);
  return Number(await readFile(log, 'utf8'));
}

test('what a command prints is returned', async () => {
  const { signal } = new AbortController();
  expect(await run(node('console.log("said")'), { env, signal }, 30)).toBe('said\n');
});

test('a command that fails is told of with what it printed', async () => {
  const { signal } = new AbortController();
  const failing = run(node('console.error("the reason"); process.exit(3)'), { env, signal }, 30);
  await expect(failing).rejects.toThrow(/ended with 3:\nthe reason/);
});

test('a command that is not there is an error', async () => {
  const { signal } = new AbortController();
  await expect(run(['no-such-command', '-c'], { env, signal }, 30)).rejects.toThrow('ENOENT');
});

test('a command that takes too long is stopped', async () => {
  const { signal } = new AbortController();
  await expect(run(node('setInterval(() => {}, 1000)'), { env, signal }, 0.5)).rejects.toThrow(
    /was stopped: TimeoutError/,
  );
});

test.each(['stop', 'abort'] as const)('%s ends a server with everything that it has started', async (how) => {
  const stopping = new AbortController();
  const log = join(folder, 'log');
  const server = startServer(node(PARENT), { env, signal: stopping.signal }, log);
  const pid = await grandchild(log);
  expect(isRunning(pid)).toBe(true);
  if (how === 'abort') stopping.abort();
  else await server.stop();
  await expect.poll(() => isRunning(pid), { timeout: 20_000 }).toBe(false);
  await expect.poll(() => server.hasEnded, { timeout: 20_000 }).toBe(true);
});
