import { beforeEach, describe, expect, test } from 'vitest';
import { authenticator } from '#lambdas/clients/authenticate.ts';
import {
  type ClientPorts,
  createClient,
  disableClient,
  type IssuedClient,
  rotateClient,
} from '#lambdas/clients/manage.ts';
import { randomSecrets } from '#lambdas/clients/secret.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { memoryCalls } from '#test/world/calls.ts';
import { memoryClientRegister } from '#test/world/clients.ts';
import { sequentialIds } from '#test/world/sequential-ids.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let now: number;
let reads: string[];
let ports: ClientPorts;
let issued: IssuedClient;
let container: ReturnType<typeof startContainer>;

/** What a container answers to a call: 200 for one that may call, otherwise 401 and why. */
const startContainer = () => {
  const { clients, clock } = ports;
  const counted = {
    find: (clientId: string) => {
      reads.push(clientId);
      return clients.find(clientId);
    },
  };
  const authenticate = authenticator({
    clients: counted,
    clock,
    calls: memoryCalls(),
    settings: readSettings({ UNAUTHORIZED_RATE_LIMIT: '1000000' }),
  });
  return async (client_secret: string, change: Readonly<Record<string, string>> = {}): Promise<string> => {
    const headers = new Headers({
      client_id: issued.client.clientId,
      client_secret,
      organisationId: 'acme',
      appIdentifier: 'acme-app',
      ...change,
    });
    try {
      const caller = await authenticate({
        headers: { get: (name) => headers.get(name) ?? undefined },
        sourceIp: '192.0.2.1',
      });
      expect(caller).toEqual({ organisationId: 'acme', clientId: issued.client.clientId });
      return '200';
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      expect(error).toMatchObject({ kind: 'unauthorized', code: 'Unauthorized' });
      return `401 ${error.message}`;
    }
  };
};

const REFUSED = '401 The credentials are not valid';

beforeEach(async () => {
  now = Date.parse('2024-11-10T08:00:00Z');
  reads = [];
  ports = {
    clients: memoryClientRegister(),
    secrets: randomSecrets,
    clock: { now: () => now },
    ids: sequentialIds(),
  };
  issued = await createClient(ports, 'acme', ['acme-app', 'acme-web']);
  container = startContainer();
});

test('a client may call with any of its application identifiers, and only with its own organisation', async () => {
  expect(await container(issued.secret)).toBe('200');
  expect(await container(issued.secret, { appIdentifier: 'acme-web' })).toBe('200');
  expect(await container(issued.secret, { appIdentifier: 'acme-ap' })).toBe(REFUSED);
  expect(await container(issued.secret, { organisationId: 'other' })).toBe(REFUSED);
  expect(await container(issued.secret, { client_id: 'nobody' })).toBe(REFUSED);
  expect(await container(`${issued.secret}x`)).toBe(REFUSED);
});

describe('reads', () => {
  test('a client is read once a minute', async () => {
    for (let call = 0; call < 120; call += 1) {
      expect(await container(issued.secret)).toBe('200');
      now += SECOND;
    }
    expect(reads).toHaveLength(2);
  });

  test('wrong secrets are worth one more read every five seconds, not one each', async () => {
    await container(issued.secret);
    for (let call = 0; call < 100; call += 1) {
      expect(await container('wrong')).toBe(REFUSED);
      now += SECOND / 10;
    }
    expect(reads).toHaveLength(1 + 2);
  });

  test('an id that is too long to be one is never read', async () => {
    expect(await container(issued.secret, { client_id: 'i'.repeat(129) })).toBe(REFUSED);
    expect(reads).toEqual([]);
  });

  test('a missing header is named without reading anything', async () => {
    expect(await container(issued.secret, { client_id: '' })).toBe('401 The header client_id is missing');
    expect(reads).toEqual([]);
  });
});

describe('a rotation', () => {
  test('opens the door to the new secret at once, and keeps it open to the old one until its time is over', async () => {
    expect(await container(issued.secret)).toBe('200');
    const { secret: fresh, oldSecretUntil } = await rotateClient(ports, issued.client.clientId, HOUR);
    expect(await container(fresh)).toBe('200');
    expect(await container(issued.secret)).toBe('200');
    now = (oldSecretUntil ?? 0) - 1;
    expect(await container(issued.secret)).toBe('200');
    now += 1;
    expect(await container(issued.secret)).toBe(REFUSED);
    expect(await container(fresh)).toBe('200');
    expect(await startContainer()(issued.secret)).toBe(REFUSED);
  });

  test('without overlap shuts the old one out within a minute, also where nobody has shown the new one', async () => {
    const [busy, idle] = [startContainer(), startContainer()];
    for (const one of [busy, idle]) expect(await one(issued.secret)).toBe('200');
    const { secret: fresh } = await rotateClient(ports, issued.client.clientId, 0);
    expect(await busy(fresh)).toBe('200');
    expect(await busy(issued.secret)).toBe(REFUSED);
    now += MINUTE;
    expect(await idle(issued.secret)).toBe(REFUSED);
    expect(await startContainer()(issued.secret)).toBe(REFUSED);
  });
});

test('disabling works within a minute in a container that has just read the client, and at once in a new one', async () => {
  expect(await container(issued.secret)).toBe('200');
  await disableClient(ports, issued.client.clientId);
  const disabledAt = now;
  expect(await startContainer()(issued.secret)).toBe(REFUSED);
  let lastAccepted = disabledAt;
  for (; now <= disabledAt + 2 * MINUTE; now += SECOND / 2) {
    if ((await container(issued.secret)) === '200') lastAccepted = now;
  }
  expect(lastAccepted - disabledAt).toBeLessThan(MINUTE);
});
