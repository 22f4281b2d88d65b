import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Clients } from '../../core/ports.ts';
import { clientKey, organisationKey } from './keys.ts';
import type { Table } from './table.ts';

const clientItem = z.object({
  clientId: z.string(),
  organisationId: z.string(),
  appIdentifiers: z.array(z.string()),
  secrets: z.array(z.object({ salt: z.string(), hash: z.string(), validUntil: z.number().nullable() })),
  disabled: z.boolean(),
});

/** The clients in the table, and with them their organisations. */
export const dynamoDbClients = ({ client, name: TableName }: Table): Clients => ({
  find: async (clientId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: clientKey(clientId) }));
    return Item === undefined ? null : clientItem.parse(Item);
  },
  save: async (saved) => {
    const organisation = { ...organisationKey(saved.organisationId), organisationId: saved.organisationId };
    await client.send(new PutCommand({ TableName, Item: organisation }));
    await client.send(new PutCommand({ TableName, Item: { ...clientKey(saved.clientId), ...saved } }));
  },
});
