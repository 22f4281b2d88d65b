import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Client } from '../../core/domain/client.ts';
import type { Clients } from '../../core/ports.ts';
import { clientKey } from './keys.ts';
import type { Table } from './table.ts';

/** What authentication reads of a client's item. */
export const clientItem = z.object({
  clientId: z.string(),
  organisationId: z.string(),
  appIdentifiers: z.array(z.string()),
  secrets: z.array(z.object({ salt: z.string(), hash: z.string(), validUntil: z.number().nullable() })),
  disabled: z.boolean(),
});

/** The clients in the table, as authentication reads them. */
export const dynamoDbClients = (table: Table): Clients => ({
  find: async (clientId): Promise<Client | null> => {
    const item = await getClient(table, clientId);
    return item === undefined ? null : clientItem.parse(item);
  },
});

/** A client's item. Strongly consistent: what is read is kept for a minute, the time within which disabling has to work. */
export async function getClient({ client, name: TableName }: Table, clientId: string): Promise<unknown> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: clientKey(clientId), ConsistentRead: true }));
  return Item;
}
