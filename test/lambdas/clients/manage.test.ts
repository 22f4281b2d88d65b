import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ClientPorts, createClient, disableClient, listClients, rotateClient } from '#lambdas/clients/manage.ts';
import { isSecretOf, randomSecrets } from '#lambdas/clients/secret.ts';
import { ConflictError } from '#lambdas/platform/errors.ts';
import { type MemoryClientRegister, memoryClientRegister } from '#test/world/clients.ts';
import { sequentialIds } from '#test/world/sequential-ids.ts';

const HOUR = 3_600_000;
const START = Date.parse('2024-11-10T08:00:00Z');

let now: number;
let clients: MemoryClientRegister;
let ports: ClientPorts;
const fresh = (): void => {
  now = START;
  clients = memoryClientRegister();
  ports = { clients, secrets: randomSecrets, clock: { now: () => now }, ids: sequentialIds() };
};
beforeEach(fresh);

/** Which of the secrets open the door for a client now. */
const opening = (clientId: string, secrets: readonly string[]): string[] => {
  const client = clients.stored.get(clientId) ?? null;
  return secrets.filter((secret) => isSecretOf(client, secret, now));
};

describe('a new client', () => {
  test('has an id and a secret of its own, of which only the hash is kept', async () => {
    const { client, secret, oldSecretUntil } = await createClient(ports, 'acme', ['acme-app', 'other', 'acme-app']);
    expect(client).toEqual({
      clientId: '00000001-0000-4000-8000-000000000000',
      organisationId: 'acme',
      appIdentifiers: ['acme-app', 'other'],
      secrets: [{ salt: expect.any(String), hash: expect.any(String), validUntil: null }],
      disabled: false,
      createdAt: START,
      rotatedAt: null,
      revision: expect.any(String),
    });
    expect(oldSecretUntil).toBeNull();
    expect(opening(client.clientId, [secret, `${secret}x`, ''])).toEqual([secret]);
    expect(JSON.stringify([...clients.stored.values()])).not.toContain(secret);
  });

  test('never takes the place of another', async () => {
    const first = await createClient(ports, 'acme', ['acme-app']);
    const ids = [first.client.clientId, 'another-revision'];
    const sameId = { ...ports, ids: { uuid: () => ids.shift() ?? '' } };
    await expect(createClient(sameId, 'acme', ['acme-app'])).rejects.toThrow(ConflictError);
    expect([...clients.stored.values()]).toEqual([first.client]);
  });

  test.each<[string, string, string[]]>([
    ['no organisation', '', ['app']],
    ['an organisation with a slash', 'a/b', ['app']],
    ['an organisation that is the folder itself', '.', ['app']],
    ['an organisation that is the folder above', '..', ['app']],
    ['an organisation of 37 characters', 'o'.repeat(37), ['app']],
    ['no application', 'acme', []],
    ['an empty application', 'acme', ['app', '']],
    ['an application with a space', 'acme', ['my app']],
    ['an application with a line break', 'acme', ['app\r\n']],
    ['an application beyond ASCII', 'acme', ['ä']],
    ['an application of 129 characters', 'acme', ['a'.repeat(129)]],
  ])('with %s is refused, and not written', async (_, organisationId, appIdentifiers) => {
    await expect(createClient(ports, organisationId, appIdentifiers)).rejects.toMatchObject({ code: 'InvalidRequest' });
    expect(clients.stored.size).toBe(0);
  });

  test.each([
    ['o'.repeat(36), 'a'.repeat(128)],
    ['A.b_c-1', '~!\'"$`'],
  ])('of the organisation %s with the application %s is taken', async (organisationId, appIdentifier) => {
    await createClient(ports, organisationId, [appIdentifier]);
    expect(clients.stored.size).toBe(1);
  });
});

describe('rotation', () => {
  test('keeps the old secret valid for the overlap, and the new one without an end', async () => {
    const { client, secret: old } = await createClient(ports, 'acme', ['acme-app']);
    now += HOUR;
    const rotated = await rotateClient(ports, client.clientId, 24 * HOUR);
    const both = [old, rotated.secret];
    expect(rotated).toMatchObject({
      oldSecretUntil: now + 24 * HOUR,
      client: { clientId: client.clientId, rotatedAt: now, createdAt: START },
    });
    expect(opening(client.clientId, both)).toEqual(both);
    now += 24 * HOUR - 1;
    expect(opening(client.clientId, both)).toEqual(both);
    now += 1;
    expect(opening(client.clientId, both)).toEqual([rotated.secret]);
    now += 10_000 * HOUR;
    expect(opening(client.clientId, both)).toEqual([rotated.secret]);
  });

  test('with an overlap of 0 keeps nothing of any old secret, also in the middle of a rotation', async () => {
    const { client, secret: first } = await createClient(ports, 'acme', ['acme-app']);
    const { secret: second } = await rotateClient(ports, client.clientId, HOUR);
    const third = await rotateClient(ports, client.clientId, 0);
    expect(opening(client.clientId, [first, second, third.secret])).toEqual([third.secret]);
    expect(third.oldSecretUntil).toBeNull();
    expect(third.client.secrets).toHaveLength(1);
  });

  test('is refused while the old secret of the last one has time left, and drops it when it has none', async () => {
    const { client, secret: first } = await createClient(ports, 'acme', ['acme-app']);
    const { secret: second } = await rotateClient(ports, client.clientId, HOUR);
    const before = [...clients.stored.values()];
    await expect(rotateClient(ports, client.clientId, 2 * HOUR)).rejects.toMatchObject({
      code: 'RotationUnderWay',
      message: expect.stringContaining('2024-11-10T09:00:00.000Z'),
    });
    expect([...clients.stored.values()]).toEqual(before);
    now += HOUR;
    const { client: stored, secret: third } = await rotateClient(ports, client.clientId, 2 * HOUR);
    expect(stored.secrets).toHaveLength(2);
    expect(opening(client.clientId, [first, second, third])).toEqual([second, third]);
  });

  test('never gives a secret more time than it had', async () => {
    const { client, secret } = await createClient(ports, 'acme', ['acme-app']);
    const [kept] = client.secrets;
    if (!kept) throw new Error('no secret');
    clients.stored.set(client.clientId, { ...client, secrets: [{ ...kept, validUntil: now + HOUR }] });
    expect((await rotateClient(ports, client.clientId, 5 * HOUR)).oldSecretUntil).toBe(now + HOUR);
    now += HOUR;
    expect(opening(client.clientId, [secret])).toEqual([]);
  });

  test('of a client that is disabled, or is not there, is refused', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    await disableClient(ports, client.clientId);
    await expect(rotateClient(ports, client.clientId, 0)).rejects.toMatchObject({ code: 'ClientDisabled' });
    await expect(rotateClient(ports, 'nobody', 0)).rejects.toMatchObject({ code: 'NotFound' });
  });

  test('whatever was done, the newest secret is valid, at most two are, and each as long as was stated', async () => {
    const step = fc.oneof(
      fc.record({ rotate: fc.constantFrom(0, 1, HOUR, 24 * HOUR, 720 * HOUR) }),
      fc.record({ pass: fc.constantFrom(1, HOUR - 1, HOUR, 25 * HOUR) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        fresh();
        const { client, secret } = await createClient(ports, 'acme', ['acme-app']);
        /** The model: until when each secret was said to be valid; the last has no end. */
        let stated = new Map([[secret, Number.POSITIVE_INFINITY]]);
        for (const one of steps) {
          if ('pass' in one) now += one.pass;
          else {
            const rotated = await rotateClient(ports, client.clientId, one.rotate).catch(() => null);
            if (rotated === null) continue;
            const ends = [...stated].map(([old, end]): [string, number] => [old, Math.min(end, now + one.rotate)]);
            stated = new Map([...ends, [rotated.secret, Number.POSITIVE_INFINITY]]);
            expect(rotated.client.secrets.length).toBeLessThanOrEqual(2);
          }
          const valid = [...stated].filter(([, end]) => end > now).map(([each]) => each);
          expect(opening(client.clientId, [...stated.keys()])).toEqual(valid);
          expect(valid.length).toBeLessThanOrEqual(2);
          const [summary] = await listClients(ports, null);
          expect(summary?.validSecrets).toBe(valid.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('disabling', () => {
  test('is for good, and changes nothing the second time', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    expect(await disableClient(ports, client.clientId)).toBe(true);
    const disabled = clients.stored.get(client.clientId);
    expect(disabled).toEqual({ ...client, disabled: true, revision: disabled?.revision });
    expect(await disableClient(ports, client.clientId)).toBe(false);
    expect(clients.stored.get(client.clientId)).toBe(disabled);
    await expect(disableClient(ports, 'nobody')).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('two at once', () => {
  test('a disabling that comes between the read and the write of a rotation wins', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    clients.beforeNextReplace(() => disableClient(ports, client.clientId));
    await expect(rotateClient(ports, client.clientId, HOUR)).rejects.toMatchObject({ code: 'ClientDisabled' });
    expect(clients.stored.get(client.clientId)).toMatchObject({ disabled: true, secrets: client.secrets });
  });

  test('a rotation that comes between the read and the write of a disabling is not undone', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    clients.beforeNextReplace(() => rotateClient(ports, client.clientId, HOUR));
    expect(await disableClient(ports, client.clientId)).toBe(true);
    expect(clients.stored.get(client.clientId)).toMatchObject({ disabled: true, secrets: [{}, {}] });
  });

  test('of two rotations one is told, and the secret of the other stays', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    const secrets: string[] = [];
    clients.beforeNextReplace(async () => secrets.push((await rotateClient(ports, client.clientId, HOUR)).secret));
    await expect(rotateClient(ports, client.clientId, HOUR)).rejects.toMatchObject({ code: 'RotationUnderWay' });
    expect(opening(client.clientId, secrets)).toHaveLength(1);
  });

  test('races that are lost again and again end with an error', async () => {
    const { client } = await createClient(ports, 'acme', ['acme-app']);
    const losing = { ...ports, clients: { ...clients, replace: async () => false } };
    await expect(rotateClient(losing, client.clientId, HOUR)).rejects.toThrow(ConflictError);
    await expect(disableClient(losing, client.clientId)).rejects.toThrow(ConflictError);
  });
});

test('a list is by organisation and then by age, shows no secret and no hash, and can be of one organisation', async () => {
  const { client: b1 } = await createClient(ports, 'b', ['b-app']);
  now += 1;
  const { client: a1 } = await createClient(ports, 'a', ['a-app']);
  now += 1;
  const { client: b2, secret } = await createClient(ports, 'b', ['b-app', 'b-web']);
  const { secret: rotated } = await rotateClient(ports, b2.clientId, HOUR);
  await disableClient(ports, b1.clientId);

  const listed = await listClients(ports, null);
  expect(listed.map(({ clientId }) => clientId)).toEqual([a1.clientId, b1.clientId, b2.clientId]);
  expect(listed[1]).toMatchObject({ disabled: true, validSecrets: 0, oldSecretUntil: null });
  expect(listed[2]).toEqual({
    clientId: b2.clientId,
    organisationId: 'b',
    appIdentifiers: ['b-app', 'b-web'],
    disabled: false,
    createdAt: START + 2,
    rotatedAt: START + 2,
    validSecrets: 2,
    oldSecretUntil: START + 2 + HOUR,
  });
  const hashes = [...clients.stored.values()].flatMap(({ secrets }) =>
    secrets.flatMap(({ salt, hash }) => [salt, hash]),
  );
  for (const hidden of [secret, rotated, ...hashes]) expect(JSON.stringify(listed)).not.toContain(hidden);

  expect(await listClients(ports, 'a')).toEqual([listed[0]]);
  expect(await listClients(ports, 'nobody')).toEqual([]);
  now += HOUR;
  expect((await listClients(ports, 'b'))[1]).toMatchObject({ validSecrets: 1, oldSecretUntil: null });
});
