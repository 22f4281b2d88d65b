import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { authenticator } from '#lambdas/clients/authenticate.ts';
import { dynamoDbClients } from '#lambdas/clients/store.dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { systemClock } from '#lambdas/platform/system.ts';
import { AwsFront } from '#local/aws-front.ts';
import { CallRecord } from '#local/call-record.ts';
import { Meter } from '#local/meter.ts';
import { SecretsManager } from '#local/secrets-manager.ts';
import { State } from '#local/state.ts';
import { UNCOUNTED } from '#test/world/calls.ts';
import { type LocalTable, localTable } from '../world/local-table.ts';

const CLI = fileURLToPath(new URL('../../cli/clients.ts', import.meta.url));
const SECRET = /^client_secret: (\S{43})$/m;

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

let folder: string;
let table: LocalTable;
let secrets: SecretsManager;
const front = new AwsFront(new Meter(), new CallRecord());

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clients-'));
  table = await localTable();
  const place = { stackName: 'stack', region: 'ap-south-1', endpoint: await front.listen(0) };
  secrets = new SecretsManager(new State(), place, new Meter());
  front.add(secrets);
  const aws = {
    region: 'ap-south-1',
    accessKeyId: 'local',
    secretAccessKey: 'local',
    dynamodb: table.endpoint,
    secretsManager: place.endpoint,
    table: table.name,
  };
  await writeFile(join(folder, 'endpoints.json'), JSON.stringify({ aws }));
});
afterAll(async () => {
  await table.close();
  await front.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command as `npm run clients` does, with `STATE_DIR` and nothing of AWS in its environment but what is given. */
async function clients(line: string, environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = Object.fromEntries([...inherited, ['STATE_DIR', folder], ...Object.entries(environment)]);
  const child = spawn(process.execPath, [CLI, ...line.split(' ')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((ended, failed) => child.once('error', failed).once('close', ended)),
  ]);
  return { exitCode, output, errors };
}

const onAws = () => ({
  AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

/** Whether a container that starts now takes a call with these headers, as printed. */
async function isTaken(headers: string): Promise<boolean> {
  const values = new Headers(headers.split('\n').flatMap((line) => (line === '' ? [] : [pair(line)])));
  try {
    const ports = { clients: dynamoDbClients(table), clock: systemClock, calls: UNCOUNTED, settings: readSettings({}) };
    await authenticator(ports)({ headers: { get: (name) => values.get(name) ?? undefined }, sourceIp: '192.0.2.1' });
    return true;
  } catch {
    return false;
  }
}

function pair(line: string): [string, string] {
  const [name = '', value = ''] = line.split(': ');
  return [name, value];
}

const listed = z.array(
  z.object({
    client_id: z.string(),
    disabled: z.boolean(),
    validSecrets: z.number(),
    oldSecretValidUntil: z.string().nullable(),
  }),
);

test('a client from its creation to its end, in a deployed table', async () => {
  const place = `--table ${table.name}`;
  const created = await clients(`create --organisation acme --app acme-app --app acme-web ${place}`, onAws());
  expect(created).toMatchObject({
    exitCode: 0,
    errors: expect.stringContaining('(appIdentifier may also be acme-web)'),
  });
  expect(created.output.split('\n').map((line) => line.split(': ')[0])).toEqual([
    'client_id',
    'client_secret',
    'organisationId',
    'appIdentifier',
    '',
  ]);
  expect(created.errors).toContain('bulk-data-fetch/<stage>/upstream/acme');
  expect(await isTaken(created.output)).toBe(true);
  const id = /^client_id: (\S+)$/m.exec(created.output)?.[1] ?? '';

  const rotated = await clients(`rotate --client ${id} --overlap 2 ${place}`, onAws());
  expect(rotated).toMatchObject({
    exitCode: 0,
    errors: expect.stringMatching(/The old secret is valid until 20\S+Z\./),
  });
  expect(rotated.output).toContain(`client_id: ${id}\n`);
  expect(await isTaken(created.output)).toBe(true);
  expect(await isTaken(rotated.output)).toBe(true);

  const again = await clients(`rotate --client ${id} ${place}`, onAws());
  expect(again).toMatchObject({
    exitCode: 1,
    output: '',
    errors: expect.stringContaining('can have two at most'),
  });

  const json = await clients(`list --json ${place}`, onAws());
  expect(listed.parse(JSON.parse(json.output))).toEqual([
    { client_id: id, disabled: false, validSecrets: 2, oldSecretValidUntil: expect.stringMatching(/Z$/) },
  ]);

  const cut = await clients(`rotate --client ${id} --overlap 0 ${place}`, onAws());
  expect(cut.errors).toContain('Every older secret is refused within a minute.');
  expect(await Promise.all([created, rotated, cut].map(({ output }) => isTaken(output)))).toEqual([false, false, true]);

  const disabled = await clients(`disable --client ${id} ${place}`, onAws());
  expect(disabled).toMatchObject({ exitCode: 0, errors: expect.stringContaining('refused within a minute') });
  expect(await isTaken(cut.output)).toBe(false);
  const twice = await clients(`disable --client ${id} ${place}`, onAws());
  expect(twice).toMatchObject({ exitCode: 0, errors: expect.stringContaining('was already disabled') });

  const shownTable = await clients(`list --organisation acme ${place}`, onAws());
  expect(shownTable.output).toMatch(new RegExp(`^${id} +acme +acme-app acme-web +disabled +0 +20\\S+ +20\\S+$`, 'm'));
  const shown = [created, rotated, cut].map(({ output }) => SECRET.exec(output)?.[1] ?? 'none');
  expect(new Set(shown).size).toBe(3);
  for (const secret of shown)
    expect(json.output + shownTable.output + JSON.stringify(await table.items())).not.toContain(secret);
});

test('a client of a new organisation in the local environment gets credentials for the simulator, once', async () => {
  const first = await clients('create --organisation local-bank --app app');
  expect(first).toMatchObject({ exitCode: 0, errors: expect.stringContaining('its batches can run') });
  expect(await isTaken(first.output)).toBe(true);
  const read = async () => {
    const input = { SecretId: 'bulk-data-fetch/dev/upstream/local-bank' };
    const { body } = await secrets.answer({ action: 'GetSecretValue', input, caller: 'outside' });
    return JSON.parse(z.object({ SecretString: z.string() }).parse(body).SecretString);
  };
  const stored = await read();
  expect(stored).toEqual({
    client_id: 'upstream-local-bank',
    client_secret: expect.stringMatching(/^\S{43}$/),
    organisationId: 'local-bank',
    appIdentifier: 'upstream-local-bank-app',
  });
  const second = await clients('create --organisation local-bank --app app');
  expect(second.errors).toContain('already has simulator credentials');
  expect(await read()).toEqual(stored);
});

describe('what cannot be done is one line, and exit code 1', () => {
  test.each<[string, string, () => Record<string, string>, RegExp]>([
    ['a client that is not there', 'disable --client nobody', () => ({}), /^No client nobody exists\n$/],
    [
      'no local environment',
      'list',
      () => ({ STATE_DIR: join(folder, 'nowhere') }),
      /endpoints\.json not found\. Run `npm start`, or name a deployed table with --table\n$/,
    ],
    [
      'a table that is not there',
      'list --table no-such-table',
      onAws,
      /^The table doesn't exist in this region\. --table is the stack's output TableName/,
    ],
    [
      'an address where nothing answers',
      'list --table no-such-table',
      () => ({ ...onAws(), AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }),
      /^The connection to the table was refused/,
    ],
  ])('%s', async (_, line, environment, expected) => {
    const { exitCode, output, errors } = await clients(line, environment());
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: '' });
    expect(errors).toMatch(expected);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});

test('what cannot be meant is exit code 2, help is 0, and an empty list is an empty list', async () => {
  const [wrong, help, none] = await Promise.all([
    clients('rotate --overlap 1'),
    clients('--help'),
    clients('list --json --organisation nobody'),
  ]);
  expect(wrong).toMatchObject({ exitCode: 2, output: '', errors: expect.stringMatching(/^--client is required\n/) });
  expect(help).toMatchObject({ exitCode: 0, errors: '', output: expect.stringContaining('create --organisation') });
  expect(none).toMatchObject({ exitCode: 0, output: '[]\n', errors: expect.stringContaining('No clients of nobody') });
});
