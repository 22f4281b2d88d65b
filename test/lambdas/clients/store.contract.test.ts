import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RegisteredClient } from '#lambdas/clients/client.ts';
import { createClient, disableClient, rotateClient } from '#lambdas/clients/manage.ts';
import { hashSecret, randomSecrets } from '#lambdas/clients/secret.ts';
import { dynamoDbClientRegistry, dynamoDbClients, dynamoDbOrganisations } from '#lambdas/clients/store.dynamodb.ts';
import type { ClientRegistry } from '#lambdas/clients/store.ts';
import { randomIds, systemClock } from '#lambdas/platform/system.ts';
import { memoryClientRegister } from '#test/world/clients.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

let table: LocalTable;
beforeAll(async () => {
  table = await localTable();
});
afterAll(() => table.close());

let last = 0;
let client: RegisteredClient;
beforeEach(() => {
  last += 1;
  client = {
    clientId: `client-${last}`,
    organisationId: `org-${last}`,
    appIdentifiers: ['app'],
    secrets: [hashSecret('secret'), { ...hashSecret('old'), validUntil: 1_800_000_000_000 }],
    disabled: false,
    createdAt: 1_700_000_000_000,
    rotatedAt: null,
    revision: 'one',
  };
});

const STORES = {
  memory: (): ClientRegistry => memoryClientRegister(),
  DynamoDB: (): ClientRegistry => dynamoDbClientRegistry(table),
};

describe.each(Object.entries(STORES))('a client in %s', (_store, open) => {
  let register: ClientRegistry;
  beforeEach(() => {
    register = open();
  });

  test('is read as it was written', async () => {
    expect(await register.add(client)).toBe(true);
    expect(await register.find(client.clientId)).toEqual(client);
  });

  test('that is not there is null', async () => {
    expect(await register.find(client.clientId)).toBeNull();
  });

  test('is never overwritten by a new one with its id', async () => {
    await register.add(client);
    expect(await register.add({ ...client, revision: 'another', organisationId: 'thief' })).toBe(false);
    expect(await register.find(client.clientId)).toEqual(client);
  });

  test('is changed only as it was seen', async () => {
    await register.add(client);
    const disabled = { ...client, disabled: true, rotatedAt: 1_750_000_000_000, revision: 'two' };
    expect(await register.replace(disabled, 'one')).toBe(true);
    expect(await register.replace({ ...client, revision: 'three' }, 'one')).toBe(false);
    expect(await register.find(client.clientId)).toEqual(disabled);
  });

  test('that is not there cannot be changed', async () => {
    expect(await register.replace({ ...client, revision: 'two' }, 'one')).toBe(false);
    expect(await register.find(client.clientId)).toBeNull();
  });

  test('is written once by a write that the SDK repeats because its answer was lost', async () => {
    expect([await register.add(client), await register.add(client)]).toEqual([true, true]);
    const changed = { ...client, disabled: true, revision: 'two' };
    expect([await register.replace(changed, 'one'), await register.replace(changed, 'one')]).toEqual([true, true]);
  });
});

describe('a client in DynamoDB', () => {
  test('is read by authentication as far as it goes', async () => {
    await dynamoDbClientRegistry(table).add(client);
    const { createdAt: _, rotatedAt: __, revision: ___, ...authenticated } = client;
    expect(await dynamoDbClients(table).find(client.clientId)).toEqual(authenticated);
    expect(await dynamoDbClients(table).find('#'.repeat(128))).toBeNull();
  });

  test('brings its organisation with it, which a second one does not write again', async () => {
    const register = dynamoDbClientRegistry(table);
    const organisations = dynamoDbOrganisations(table);
    expect(await organisations.exists(client.organisationId)).toBe(false);
    await register.add(client);
    expect(await organisations.exists(client.organisationId)).toBe(true);
    expect(await register.add({ ...client, clientId: `${client.clientId}-second` })).toBe(true);
    const items = await table.items();
    expect(items.filter(({ pk }) => pk === `ORG#${client.organisationId}`)).toHaveLength(1);
  });
});

test('a list has every client and nothing else, over more than one page', async () => {
  const own = await localTable();
  try {
    const ownRegister = dynamoDbClientRegistry(own);
    expect(await ownRegister.list()).toEqual([]);
    // 15 items of 100 KB: a page of a query has at most 1 MB.
    const appIdentifiers = Array.from({ length: 800 }, (_, index) => String(index).padStart(128, 'a'));
    const clients = Array.from({ length: 15 }, (_, index) => ({
      ...client,
      clientId: `client-${String(index).padStart(3, '0')}`,
      organisationId: `org-${index % 3}`,
      appIdentifiers,
    }));
    await Promise.all(clients.map((each) => ownRegister.add(each)));
    expect(await ownRegister.list()).toEqual(clients);
  } finally {
    await own.close();
  }
});

test('of many rotations and a disabling at once, each is whole or not at all', async () => {
  const register = dynamoDbClientRegistry(table);
  const ports = { clients: register, secrets: randomSecrets, clock: systemClock, ids: randomIds };
  const { client: raced } = await createClient(ports, 'raced', ['app']);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () => rotateClient(ports, raced.clientId, 3_600_000)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await register.find(raced.clientId))?.secrets).toHaveLength(2);
  await Promise.all([disableClient(ports, raced.clientId), disableClient(ports, raced.clientId)]);
  expect(await register.find(raced.clientId)).toMatchObject({ disabled: true, secrets: [{}, {}] });
});
