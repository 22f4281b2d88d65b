import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Organisations } from '../../core/ports.ts';
import { organisationKey } from './keys.ts';
import type { Table } from './table.ts';

/** The organisations in the table; one is there as soon as it has had a client. */
export const dynamoDbOrganisations = ({ client, name: TableName }: Table): Organisations => ({
  exists: async (organisationId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: organisationKey(organisationId) }));
    return Item !== undefined;
  },
});
