import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochSeconds, ifCondition, type Table } from '../platform/dynamodb.ts';
import { CLIENTS, clientCallsKey, clientKey, organisationKey } from '../platform/keys.ts';
import type { Client, RegisteredClient } from './client.ts';
import type { ClientCalls } from './rate-limit.ts';
import type { ClientRegister, Clients, Organisations } from './store.ts';

/** The format of a client's item. One without a number is of format 1, which was stored before formats had numbers. */
const FORMAT = 1;

/** What authentication reads of a client's item. */
const clientItem = z.object({
  format: z.literal(FORMAT).default(FORMAT),
  clientId: z.string(),
  organisationId: z.string(),
  appIdentifiers: z.array(z.string()),
  secrets: z.array(z.object({ salt: z.string(), hash: z.string(), validUntil: z.number().nullable() })),
  disabled: z.boolean(),
});

const isoTime = z.iso.datetime().transform((date) => Date.parse(date));
const registeredItem = clientItem.extend({
  createdAt: isoTime,
  rotatedAt: isoTime.nullable(),
  revision: z.string(),
});

const IS_FREE = 'attribute_not_exists(pk)';
const IS_AS_SEEN = 'revision = :seen';
/** The SDK repeats a write whose answer was lost: then what stands there is ours. */
const IS_OURS = 'revision = :ours';

/** The clients in the table, as those who manage them see them. A client's organisation is an item of its own. */
export function dynamoDbClientRegister(table: Table): ClientRegister {
  const { client, name: TableName } = table;

  const putOrganisation = (organisationId: string): Promise<boolean> =>
    ifCondition(
      client.send(
        new PutCommand({
          TableName,
          Item: { ...organisationKey(organisationId), organisationId },
          ConditionExpression: IS_FREE,
        }),
      ),
    );

  return {
    find: async (clientId) => {
      const item = await getClient(table, clientId);
      return item === undefined ? null : fromClientItem(item);
    },

    list: async () => {
      const clients: RegisteredClient[] = [];
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :clients',
            ExpressionAttributeValues: { ':clients': CLIENTS },
            ExclusiveStartKey,
          }),
        );
        clients.push(...(page.Items ?? []).map(fromClientItem));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return clients;
    },

    add: async (added) => {
      // First, so that there is no client without its organisation.
      await putOrganisation(added.organisationId);
      return ifCondition(
        client.send(
          new PutCommand({
            TableName,
            Item: toClientItem(added),
            ConditionExpression: `${IS_FREE} OR ${IS_OURS}`,
            ExpressionAttributeValues: { ':ours': added.revision },
          }),
        ),
      );
    },

    replace: (changed, seen) =>
      ifCondition(
        client.send(
          new PutCommand({
            TableName,
            Item: toClientItem(changed),
            ConditionExpression: `${IS_AS_SEEN} OR ${IS_OURS}`,
            ExpressionAttributeValues: { ':seen': seen, ':ours': changed.revision },
          }),
        ),
      ),
  };
}

/** @throws ZodError when the item is not a client, or of another format */
export function fromClientItem(item: unknown): RegisteredClient {
  const { format: _, ...client } = registeredItem.parse(item);
  return client;
}

export const toClientItem = (client: RegisteredClient): Record<string, unknown> => ({
  ...clientKey(client.clientId),
  format: FORMAT,
  ...client,
  createdAt: new Date(client.createdAt).toISOString(),
  rotatedAt: client.rotatedAt === null ? null : new Date(client.rotatedAt).toISOString(),
});

/** The clients in the table, as authentication reads them. */
export const dynamoDbClients = (table: Table): Clients => ({
  find: async (clientId): Promise<Client | null> => {
    const item = await getClient(table, clientId);
    if (item === undefined) return null;
    const { format: _, ...known } = clientItem.parse(item);
    return known;
  },
});

/** A client's item. Strongly consistent: what is read is kept for a minute, the time within which disabling has to work. */
export async function getClient({ client, name: TableName }: Table, clientId: string): Promise<unknown> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: clientKey(clientId), ConsistentRead: true }));
  return Item;
}

/** The organisations in the table; one is there as soon as it has had a client. */
export const dynamoDbOrganisations = ({ client, name: TableName }: Table): Organisations => ({
  exists: async (organisationId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: organisationKey(organisationId) }));
    return Item !== undefined;
  },
});

const counted = z.object({ calls: z.number() });

/** One item for each window, counted up in one write. A write that the SDK has to repeat may count twice, never not at all. */
export const dynamoDbClientCalls = ({ client, name: TableName }: Table): ClientCalls => ({
  add: async (organisationId, { startsAt, endsAt }) => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName,
        Key: clientCallsKey(organisationId, startsAt),
        UpdateExpression: 'ADD calls :one SET expiresAt = :expiresAt',
        ExpressionAttributeValues: { ':one': 1, ':expiresAt': epochSeconds(endsAt) },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return counted.parse(Attributes).calls;
  },
});
