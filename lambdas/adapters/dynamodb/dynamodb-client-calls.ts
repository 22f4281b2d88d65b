import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ClientCalls } from '../../core/ports.ts';
import { clientCallsKey } from './keys.ts';
import { epochSeconds, type Table } from './table.ts';

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
