import { expect, test } from 'vitest';
import { Meter } from '#local/meter.ts';
import { SecretsManager } from '#local/secrets-manager.ts';
import { State } from '#local/state.ts';

const PLACE = { stackName: 'stack', region: 'ap-south-1', endpoint: 'http://127.0.0.1:9' };

const open = (state = new State(), meter = new Meter()) => new SecretsManager(state, PLACE, meter);
const call = async (secrets: SecretsManager, action: string, input: Record<string, unknown>) =>
  (await secrets.answer({ action, input, caller: 'outside' })).body;

test('creates, changes and reads a secret by name or ARN, and keeps it', async () => {
  const [state, meter] = [new State(), new Meter()];
  await call(open(state, meter), 'CreateSecret', { Name: 'one', SecretString: 'first' });
  await call(open(state, meter), 'PutSecretValue', { SecretId: 'one', SecretString: 'second' });
  const ARN = 'arn:aws:secretsmanager:ap-south-1:000000000000:secret:one-Local1';
  const secrets = open(state, meter);
  expect(await call(secrets, 'GetSecretValue', { SecretId: ARN })).toMatchObject({
    ARN,
    Name: 'one',
    SecretString: 'second',
  });
  expect(await call(secrets, 'ListSecrets', {})).toMatchObject({ SecretList: [{ Name: 'one' }] });
  expect(JSON.stringify(await call(secrets, 'DescribeSecret', { SecretId: 'one' }))).not.toContain('second');
  expect(meter.read().units['secretsmanager.request']).toBe(5);
});

test.each([
  ['GetSecretValue', { SecretId: 'nowhere' }, 'ResourceNotFoundException'],
  ['GetSecretValue', { SecretId: 'one', VersionStage: 'AWSPREVIOUS' }, 'InvalidParameterException'],
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
  const first = await call(secrets, 'DescribeSecret', { SecretId: 'one' });
  secrets.ensure('one', 'first');
  expect(await call(secrets, 'DescribeSecret', { SecretId: 'one' })).toEqual(first);
  secrets.ensure('one', 'second');
  expect(await call(secrets, 'GetSecretValue', { SecretId: 'one' })).toMatchObject({ SecretString: 'second' });
});
