import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { RegisteredClient } from '../../core/domain/client.ts';
import type { ClientRegister } from '../../core/ports.ts';
import { clientItem, getClient } from './dynamodb-clients.ts';
import { CLIENTS, clientKey, organisationKey } from './keys.ts';
import { holds, type Table } from './table.ts';

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
    holds(
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
      return item === undefined ? null : registeredItem.parse(item);
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
        clients.push(...(page.Items ?? []).map((item) => registeredItem.parse(item)));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return clients;
    },

    add: async (added) => {
      // First, so that there is no client without its organisation.
      await putOrganisation(added.organisationId);
      return holds(
        client.send(
          new PutCommand({
            TableName,
            Item: toItem(added),
            ConditionExpression: `${IS_FREE} OR ${IS_OURS}`,
            ExpressionAttributeValues: { ':ours': added.revision },
          }),
        ),
      );
    },

    replace: (changed, seen) =>
      holds(
        client.send(
          new PutCommand({
            TableName,
            Item: toItem(changed),
            ConditionExpression: `${IS_AS_SEEN} OR ${IS_OURS}`,
            ExpressionAttributeValues: { ':seen': seen, ':ours': changed.revision },
          }),
        ),
      ),
  };
}

const toItem = (client: RegisteredClient): Record<string, unknown> => ({
  ...clientKey(client.clientId),
  ...client,
  createdAt: new Date(client.createdAt).toISOString(),
  rotatedAt: client.rotatedAt === null ? null : new Date(client.rotatedAt).toISOString(),
});
