import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endpointsSchema } from '#local/endpoints.ts';
import { guidOf, Product } from '../end-to-end/product.ts';
import { sharedAssembly } from '../end-to-end/shared-assembly.ts';

let stateDir: string;
const running: ChildProcess[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'start-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) await end(child, 'SIGKILL');
  await rm(stateDir, { recursive: true, force: true });
});

/** `npm start` on free ports, and all that it prints. */
async function start(environment: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
  const child = spawn(process.execPath, ['local/start.ts', ...args], {
    env: {
      ...process.env,
      PORT: '0',
      SIMULATOR_PORT: '0',
      AWS_PORT: '0',
      STATE_DIR: stateDir,
      ASSEMBLY: (await sharedAssembly()).directory,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  // Of a stream that a test destroys there is nothing to read.
  const read = (stream: Readable): Promise<string> => text(stream).catch(() => '');
  return { child, output: read(child.stdout), errors: read(child.stderr) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

const endpoints = (): Promise<string> => readFile(join(stateDir, 'endpoints.json'), 'utf8');

/** What is written once everything answers. */
async function ready(child: ChildProcess): Promise<string> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
    const written = await endpoints().catch(() => null);
    if (written !== null) return written;
    await wait(100);
  }
  throw new Error('it did not start');
}

describe('a second `npm start` on the same state', () => {
  test.each<[string, Record<string, string>]>([
    ['is refused in one line and touches nothing', {}],
    ['is refused, too, where it would keep nothing', { EPHEMERAL: '1' }],
  ])('%s', async (_, environment) => {
    const first = await start();
    const written = await ready(first.child);
    const files = await readdir(stateDir);
    const second = await start(environment);
    expect(await once(second.child, 'exit')).toEqual([1, null]);
    const errors = await second.errors;
    expect(errors).toMatch(/is in use/);
    expect(errors).toContain(stateDir);
    expect(errors).toContain('STATE_DIR');
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect(await endpoints()).toBe(written);
    expect((await readdir(stateDir)).toSorted()).toEqual(files.toSorted());
    await end(first.child, 'SIGTERM');
    await expect(endpoints()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is no longer refused once the first was killed, and first removes what that has left', async () => {
    const first = await start();
    await ready(first.child);
    await end(first.child, 'SIGKILL');
    expect(await endpoints()).toContain('tenants');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { child } = await start({ PORT: portOf(taken) });
    expect(await once(child, 'exit')).toEqual([1, null]);
    await expect(endpoints()).rejects.toMatchObject({ code: 'ENOENT' });
    taken.close();
  });
});

function portOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? String(address.port) : '';
}

test('goes on when nobody reads any more what it prints', async () => {
  const { child } = await start({ TIME_SCALE: '0.02' });
  const { api, simulator, tenants } = endpointsSchema.parse(JSON.parse(await ready(child)));
  child.stdout?.destroy();
  const product = new Product({ api, simulator }, tenants[0]);
  const consents_list = [{ consent_id: guidOf('unread') }];
  for (const reference_id of ['unread-1', 'unread-2']) {
    await product.post('/v2/schedule/fi/requests', { reference_id, consents_list });
    await product.finished(reference_id, 60);
    // A line is written up to a second later.
    await wait(1_500);
  }
  expect({ exitCode: child.exitCode, signal: child.signalCode }).toEqual({ exitCode: null, signal: null });
});

describe('ports', () => {
  test('one that is taken is named, with its setting', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = portOf(taken);
    for (const name of ['PORT', 'SIMULATOR_PORT', 'AWS_PORT']) {
      const { child, errors } = await start({ [name]: port });
      expect(await once(child, 'exit')).toEqual([1, null]);
      expect((await errors).trim()).toBe(
        `Port ${port} is taken. Stop what listens there, or set ${name} to another one (0 takes a free one).`,
      );
    }
    taken.close();
  });

  test('that of AWS is the same at each start', async () => {
    const ports: string[] = [];
    for (let starts = 0; starts < 2; starts += 1) {
      const { child } = await start({ AWS_PORT: ports[0] ?? '0' });
      ports.push(new URL(JSON.parse(await ready(child)).aws.dynamodb).port);
      await end(child, 'SIGTERM');
    }
    expect(ports[0]).toBe(ports[1]);
  });
});

describe('what cannot be meant', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['Unknown option --port', ['--port', '5000'], {}],
    ["PORT must be a port, a whole number from 0 to 65535, not 'abc'", [], { PORT: 'abc' }],
    ["TIME_SCALE must be a number from 0.001 on, not '0'", [], { TIME_SCALE: '0' }],
    ["EPHEMERAL must be 0 or 1, not 'yes'", [], { EPHEMERAL: 'yes' }],
  ])('%s', async (line, args, environment) => {
    const { child, output, errors } = await start(environment, args);
    expect(await once(child, 'exit')).toEqual([2, null]);
    expect((await errors).split('\n')[0]).toBe(line);
    expect(await errors).toContain('npm start');
    expect(await output).toBe('');
  });
});
