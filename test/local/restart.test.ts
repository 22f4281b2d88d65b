import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startLocalCloud } from '#local/cloud.ts';
import { synthesize } from '#local/synthesize.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { FixtureClients, TABLE } from './fixture/clients.ts';

const PATIENCE = { timeout: 30_000, interval: 50 };
const path = (name: string): string => fileURLToPath(new URL(`./fixture/${name}`, import.meta.url));

let folder: string;
let assembly: Assembly;
const running: { child: ChildProcess; aws: FixtureClients }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restart-'));
  assembly = await synthesize(join(folder, 'assembly'), path('app.ts'));
});
afterEach(async () => {
  for (const one of running) await kill(one);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(state: string): Promise<(typeof running)[number]> {
  const child = spawn(process.execPath, [path('run.ts'), assembly.directory, join(folder, state)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { aws } = z.object({ aws: z.string() }).parse(JSON.parse(line));
  const started = { child, aws: new FixtureClients(aws) };
  running.push(started);
  return started;
}

async function kill({ child, aws }: (typeof running)[number]): Promise<void> {
  aws.close();
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const input = (name: string, milliseconds: number) => ({
  name,
  rounds: 2,
  waitMilliseconds: 300,
  resumeAt: new Date(Date.now() + milliseconds).toISOString(),
});

test('goes on after a kill -9: items, messages, executions and taken names', async () => {
  const first = await start('killed');
  const item = { pk: { S: 'kept' }, sk: { S: 'item' }, text: { S: 'here' } };
  await first.aws.dynamoDb.send(new PutItemCommand({ TableName: TABLE, Item: item }));
  const finished = await first.aws.startExecution('finished', input('finished', 0));
  await expect.poll(() => first.aws.statusOf(finished), PATIENCE).toBe('SUCCEEDED');
  const waiting = await first.aws.startExecution('waiting', input('waiting', 2_000));
  await first.aws.send('fail-kept', 'group');
  await expect.poll(() => first.aws.attribute('deliveries', 'fail-kept', 'deliveries'), PATIENCE).toBe('1');
  await kill(first);

  const { aws } = await start('killed');
  expect(await aws.attribute('kept', 'item', 'text')).toBe('here');
  await expect.poll(() => aws.statusOf(waiting), PATIENCE).toBe('SUCCEEDED');
  expect(await aws.attribute('steps', 'waiting', 'rounds')).toBe('2');
  await expect(aws.startExecution('finished', input('finished', 0))).rejects.toThrow('Execution Already Exists');
  expect(await aws.attribute('steps', 'finished', 'rounds')).toBe('2');
  await expect.poll(() => aws.messages(aws.deadLettersUrl), PATIENCE).toBe('1+0');
  expect(await aws.attribute('deliveries', 'fail-kept', 'senderGroup')).toBe('group');
  expect(await aws.messages(aws.queueUrl)).toBe('0+0');
});

test('a state directory is for one local cloud at a time, and free again when that has closed', async () => {
  const stateDir = join(folder, 'shared');
  const cloud = await startLocalCloud({ assembly, stateDir });
  await expect(startLocalCloud({ assembly, stateDir })).rejects.toThrow(stateDir);
  await cloud.close();
  await (await startLocalCloud({ assembly, stateDir })).close();
});

test('a port that is taken is an error that leaves nothing behind', async () => {
  const cloud = await startLocalCloud({ assembly, stateDir: join(folder, 'one') });
  const ports = { api: Number(new URL(cloud.endpoints.api).port) };
  const stateDir = join(folder, 'two');
  await expect(startLocalCloud({ assembly, stateDir, ports })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await cloud.close();
  await (await startLocalCloud({ assembly, stateDir, ports })).close();
});
