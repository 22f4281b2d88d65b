import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Meter } from '#local/meter.ts';
import { SecretsManager } from '#local/secrets/secrets-manager.ts';

const PLACE = { stackName: 'stack', region: 'ap-south-1', endpoint: 'http://127.0.0.1:9' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (meter = new Meter()) => new SecretsManager(join(folder, 'secrets.json'), PLACE, meter);
const call = async (secrets: SecretsManager, action: string, input: Record<string, unknown>) =>
  (await secrets.answer({ action, input, caller: 'outside' })).body;

test('creates, changes and reads a secret by name or ARN, with its previous version, and keeps it', async () => {
  const meter = new Meter();
  await call(open(meter), 'CreateSecret', { Name: 'one', SecretString: 'first' });
  await call(open(meter), 'PutSecretValue', { SecretId: 'one', SecretString: 'second' });
  const ARN = 'arn:aws:secretsmanager:ap-south-1:000000000000:secret:one-Local1';
  expect(await call(open(meter), 'GetSecretValue', { SecretId: ARN })).toMatchObject({
    ARN,
    Name: 'one',
    SecretString: 'second',
  });
  expect(await call(open(meter), 'GetSecretValue', { SecretId: 'one', VersionStage: 'AWSPREVIOUS' })).toMatchObject({
    SecretString: 'first',
  });
  expect(await call(open(meter), 'ListSecrets', {})).toMatchObject({ SecretList: [{ Name: 'one' }] });
  expect(JSON.stringify(await call(open(meter), 'DescribeSecret', { SecretId: 'one' }))).not.toContain('second');
  expect(meter.read().units['secretsmanager.request']).toBe(6);
});

test.each([
  ['GetSecretValue', { SecretId: 'nowhere' }, 'ResourceNotFoundException'],
  ['CreateSecret', { Name: 'one', SecretString: 'again' }, 'ResourceExistsException'],
  ['CreateSecret', { Name: 'two' }, 'InvalidParameterException'],
  ['DeleteSecret', { SecretId: 'one' }, 'UnknownOperationException'],
])('%s %j is a %s', async (action, input, code) => {
  const secrets = open();
  secrets.ensure('one', 'first');
  await expect(call(secrets, action, input)).rejects.toMatchObject({ code });
});

test('ensure changes only what differs', async () => {
  const secrets = open();
  secrets.ensure('one', 'first');
  secrets.ensure('one', 'first');
  await expect(call(secrets, 'GetSecretValue', { SecretId: 'one', VersionStage: 'AWSPREVIOUS' })).rejects.toThrow();
  secrets.ensure('one', 'second');
  expect(await call(secrets, 'GetSecretValue', { SecretId: 'one' })).toMatchObject({ SecretString: 'second' });
});
