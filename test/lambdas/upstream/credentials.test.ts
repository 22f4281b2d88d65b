import { createServer } from 'node:http';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretsManagerCredentials } from '#lambdas/upstream/credentials.ts';
import { finProClient } from '#lambdas/upstream/finpro.http.ts';
import { AwsFront } from '#local/aws-front.ts';
import { CallRecord } from '#local/call-record.ts';
import { listen, stopServer } from '#local/listening.ts';
import { Meter } from '#local/meter.ts';
import { SecretsManager } from '#local/secrets-manager.ts';
import { State } from '#local/state.ts';

const PREFIX = 'bulk-data-fetch/dev/upstream/';
const PLACE = { stackName: 'stack', region: 'ap-south-1', endpoint: 'http://127.0.0.1:9' };

const meter = new Meter();
const front = new AwsFront(meter, new CallRecord());
let secrets: SecretsManager;
let aws: SecretsManagerClient;
beforeAll(async () => {
  const endpoint = await front.listen(0);
  aws = new SecretsManagerClient({
    endpoint,
    region: 'ap-south-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  aws.destroy();
  await front.close();
});
beforeEach(() => {
  secrets = new SecretsManager(new State(), PLACE, meter);
  front.add(secrets);
  meter.reset();
});

const credentials = (organisationId: string, client_secret = 'secret') => ({
  client_id: `upstream-${organisationId}`,
  client_secret,
  organisationId,
  appIdentifier: `${organisationId}-app`,
});
const store = (organisationId: string, value: unknown = credentials(organisationId)): void =>
  secrets.ensure(`${PREFIX}${organisationId}`, typeof value === 'string' ? value : JSON.stringify(value));
const reads = (): number => meter.read().calls['secretsmanager']?.['GetSecretValue'] ?? 0;

describe('the credentials of an organisation', () => {
  test('are one secret each, read once a container', async () => {
    store('lender');
    store('wealth');
    const of = secretsManagerCredentials(PREFIX, aws);
    for (let call = 0; call < 3; call += 1) {
      expect(await of('lender')).toEqual(credentials('lender'));
      expect(await of('wealth')).toEqual(credentials('wealth'));
    }
    expect(reads()).toBe(2);
    expect(await secretsManagerCredentials(PREFIX, aws)('lender')).toEqual(credentials('lender'));
    expect(reads()).toBe(3);
  });

  test('are read once for calls that go out at the same time', async () => {
    store('lender');
    const of = secretsManagerCredentials(PREFIX, aws);
    await Promise.all(Array.from({ length: 50 }, () => of('lender')));
    expect(reads()).toBe(1);
  });

  test('are read again when they are forgotten, those of others are not', async () => {
    store('lender');
    store('wealth');
    const of = secretsManagerCredentials(PREFIX, aws);
    await Promise.all([of('lender'), of('wealth')]);
    store('lender', credentials('lender', 'rotated'));
    expect(await of('lender')).toMatchObject({ client_secret: 'secret' });
    of.forget('lender');
    expect(await of('lender')).toMatchObject({ client_secret: 'rotated' });
    await of('wealth');
    expect(reads()).toBe(3);
  });

  test.each<[string, unknown]>([
    ['no JSON', 'secret'],
    ['another shape', { username: 'u', password: 'p' }],
    ['an empty value', { ...credentials('lender'), client_secret: '' }],
  ])('that are %s are not used, and looked at again at the next call', async (_, value) => {
    store('lender', value);
    const of = secretsManagerCredentials(PREFIX, aws);
    await expect(of('lender')).rejects.toThrow();
    store('lender');
    expect(await of('lender')).toEqual(credentials('lender'));
  });

  test('that are not there yet are found once they are', async () => {
    const of = secretsManagerCredentials(PREFIX, aws);
    await expect(of('lender')).rejects.toThrow();
    store('lender');
    expect(await of('lender')).toEqual(credentials('lender'));
  });
});

describe('a call to FinPro', () => {
  test('after a 401 goes out with what the secret holds then', async () => {
    store('lender');
    const sent: unknown[] = [];
    const finPro = createServer((request, response) => {
      sent.push(request.headers['client_secret']);
      const isKnown = request.headers['client_secret'] === 'rotated';
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          isKnown
            ? { data: { sessionId: 'session' } }
            : { errorCode: 'Unauthorized', errorMsg: 'The credentials are not valid' },
        ),
      );
    });
    try {
      const baseUrl = await listen(finPro, 0);
      const credentialsOf = secretsManagerCredentials(PREFIX, aws);
      const client = finProClient({ baseUrl, timeout: 5_000, credentialsOf });
      const request = { consentId: 'c', fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
      const call = () => client.requestFi('lender', request);

      expect(await call()).toMatchObject({ ok: false, failure: { sent: 'answered', status: 401 } });
      expect(reads()).toBe(1);
      store('lender', credentials('lender', 'rotated'));
      expect(await call()).toMatchObject({ ok: true, value: { sessionId: 'session' } });
      expect(await call()).toMatchObject({ ok: true });
      expect(sent).toEqual(['secret', 'rotated', 'rotated']);
      expect(reads()).toBe(2);
    } finally {
      await stopServer(finPro);
    }
  });

  test('is not made without credentials, which looks like a 401', async () => {
    const credentialsOf = secretsManagerCredentials(PREFIX, aws);
    const client = finProClient({ baseUrl: 'http://127.0.0.1:9', timeout: 5_000, credentialsOf });
    expect(await client.fiBalance('nobody', 'c')).toMatchObject({ ok: false, failure: { status: 401 } });
  });

  test('that is prepared needs no secret any more', async () => {
    store('lender');
    const credentialsOf = secretsManagerCredentials(PREFIX, aws);
    const client = finProClient({ baseUrl: 'http://127.0.0.1:9', timeout: 5_000, credentialsOf });
    await client.prepare('lender');
    expect(reads()).toBe(1);
    await client.fiBalance('lender', 'c');
    expect(reads()).toBe(1);
  });

  test('can be prepared in vain: the call itself says that there are no credentials', async () => {
    const credentialsOf = secretsManagerCredentials(PREFIX, aws);
    const client = finProClient({ baseUrl: 'http://127.0.0.1:9', timeout: 5_000, credentialsOf });
    await expect(client.prepare('nobody')).resolves.toBeUndefined();
  });
});
