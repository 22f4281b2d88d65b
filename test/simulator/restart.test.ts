import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Caller, consentNumber } from './caller.ts';

let stateDir: string;
const running: ChildProcess[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) await end(child, 'SIGKILL');
  await rm(stateDir, { recursive: true, force: true });
});

/** The simulator as `npm run simulator` starts it, so slow that a rate window does not end in the middle. */
async function start(): Promise<{ child: ChildProcess; caller: Caller }> {
  const child = spawn(process.execPath, ['simulator/main.ts'], {
    env: { ...process.env, SIMULATOR_PORT: '0', TIME_SCALE: '1440', STATE_DIR: stateDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const [line] = await once(child.stdout, 'data');
  const caller = new Caller(/http:\/\/127\.0\.0\.1:\d+/.exec(String(line))?.[0] ?? '');
  return { child, caller };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

test.each(['SIGINT', 'SIGKILL'] as const)('what FinPro knows outlives %s', async (signal) => {
  const first = await start();
  await first.caller.consent(consentNumber(1), { scenario: 'ready', readyAfterSeconds: 0, accounts: 2 });
  await first.caller.consent(consentNumber(2), { scenario: 'revoked' });
  const sessionId = await first.caller.open(consentNumber(1));
  await first.caller.balance({ consentID: consentNumber(1) });
  const stats = await first.caller.control('GET', '/_sim/stats');
  const record = await first.caller.control('GET', `/_sim/consents/${consentNumber(1)}`);
  await end(first.child, signal);

  const { caller } = await start();
  expect((await caller.control('GET', '/_sim/stats')).body).toEqual(stats.body);
  expect((await caller.control('GET', `/_sim/consents/${consentNumber(1)}`)).body).toEqual(record.body);
  const answer = await caller.status({ sessionId });
  // The third call of the window that was begun before.
  expect(answer.headers.get('x-ratelimit-remaining')).toBe('997');
  expect(answer.body).toMatchObject({ data: { eventStatus: 'DATA_READY', firstTimeFetch: true } });
  expect((await caller.request({ consentId: consentNumber(2) })).body).toMatchObject({ errorCode: 'ConsentRevoked' });
});

test('what was forgotten stays so, and faults are over with the process', async () => {
  const first = await start();
  await first.caller.open(consentNumber(1));
  await first.caller.control('DELETE', '/_sim');
  await first.caller.faults({ unauthorized: true });
  await end(first.child, 'SIGKILL');

  const { caller } = await start();
  expect((await caller.control('GET', '/_sim/stats')).body).toMatchObject({ fiRequests: 0 });
  expect((await caller.control('GET', `/_sim/consents/${consentNumber(1)}`)).body).toMatchObject({ sessions: [] });
  expect((await caller.request({ consentId: consentNumber(1) })).status).toBe(200);
});
