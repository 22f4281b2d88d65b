import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startSimulator } from '#simulator/server.ts';
import { Caller, consentNumber } from './caller.ts';

test('a port that is taken is an error, a closed simulator is gone', async () => {
  const simulator = await startSimulator({ port: 0, timeScale: 1 });
  await expect(startSimulator({ port: simulator.port, timeScale: 1 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await simulator.close();
  await simulator.close();
  const call = new Caller(simulator.url).request({ consentId: consentNumber(1) });
  await expect(call).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});

test('two simulators know nothing of each other', async () => {
  const [one, other] = await Promise.all([
    startSimulator({ port: 0, timeScale: 1 }),
    startSimulator({ port: 0, timeScale: 1 }),
  ]);
  const sessionId = await new Caller(one.url).open(consentNumber(1));
  expect((await new Caller(other.url).status({ sessionId })).body).toMatchObject({ errorCode: 'InvalidSessionId' });
  await Promise.all([one.close(), other.close()]);
});

test.each(['SIGINT', 'SIGTERM'] as const)('the command listens, names its URL and ends at %s', async (signal) => {
  const child = spawn(process.execPath, ['simulator/main.ts'], {
    env: { ...process.env, SIMULATOR_PORT: '0', TIME_SCALE: '0.05' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line))?.[0] ?? '';
  expect(await new Caller(url).open(consentNumber(1))).toEqual(expect.any(String));
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
});
