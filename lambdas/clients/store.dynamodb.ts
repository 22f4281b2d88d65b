import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochSeconds, ifCondition, type Table } from '../platform/dynamodb.ts';
import { CLIENTS, callsKey, clientKey, organisationKey } from '../platform/keys.ts';
import type { Client, RegisteredClient } from './client.ts';
import type { CallCounter, ClientRegistry, ClientStore, OrganisationStore } from './store.ts';

/** The format of a client's item. One without a number is of format 1, which was stored before formats had numbers. */
const FORMAT = 1;

/** What authentication reads of a client item. */
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
/** The SDK repeats a write whose answer was lost: then the stored item is ours. */
const IS_OURS = 'revision = :ours';

/** The clients in the table, for operators. An organisation is a separate item. */
export function dynamoDbClientRegistry(table: Table): ClientRegistry {
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
      // First, so that no client is without its organisation.
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

/** The clients in the table, for authentication. */
export const dynamoDbClients = (table: Table): ClientStore => ({
  find: async (clientId): Promise<Client | null> => {
    const item = await getClient(table, clientId);
    if (item === undefined) return null;
    const { format: _, ...known } = clientItem.parse(item);
    return known;
  },
});

/** A client item. Strongly consistent, since it's cached for a minute and disabling has to work within that time. */
export async function getClient({ client, name: TableName }: Table, clientId: string): Promise<unknown> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: clientKey(clientId), ConsistentRead: true }));
  return Item;
}

/** The organisations in the table. Each exists from its first client on. */
export const dynamoDbOrganisations = ({ client, name: TableName }: Table): OrganisationStore => ({
  exists: async (organisationId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: organisationKey(organisationId) }));
    return Item !== undefined;
  },
});

const callCounts = z.record(z.string(), z.number());

/** The attribute that counts the calls of one. */
const ownCalls = (one: string): string => `own:${one}`;

/**
 * One item per window, incremented in one write. A write that the SDK repeats may count twice, but never zero times.
 */
export const dynamoDbCalls = ({ client, name: TableName }: Table): CallCounter => ({
  add: async (of, one, { startsAt, endsAt }) => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName,
        Key: callsKey(of, startsAt),
        UpdateExpression: 'ADD calls :one, #own :one SET expiresAt = :expiresAt',
        ExpressionAttributeNames: { '#own': ownCalls(one) },
        ExpressionAttributeValues: { ':one': 1, ':expiresAt': epochSeconds(endsAt) },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    const counts = callCounts.parse(Attributes);
    return { all: counts['calls'] ?? 0, own: counts[ownCalls(one)] ?? 0 };
  },
});
