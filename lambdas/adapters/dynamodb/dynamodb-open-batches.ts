import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { OpenBatches } from '../../core/ports.ts';
import type { Table } from './table.ts';

/** The index's partition key. Only open batches carry it, so the index holds nothing else. */
export const OPEN_BATCHES = 'open';

/** The sparse index of open batches, sorted by when they were accepted. It holds keys only. */
export const dynamoDbOpenBatches = ({ client, name: TableName }: Table, IndexName: string): OpenBatches => ({
  list: async () => {
    const open: { organisationId: string; referenceId: string }[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          IndexName,
          KeyConditionExpression: 'openBatches = :open',
          ExpressionAttributeValues: { ':open': OPEN_BATCHES },
          ExclusiveStartKey,
        }),
      );
      open.push(...(page.Items ?? []).map(toReference));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return open;
  },
});

/** The reference is read off the partition key. */
function toReference(item: unknown): { organisationId: string; referenceId: string } {
  const { pk } = z.object({ pk: z.string() }).parse(item);
  const match = /^ORG#(.+)#REF#([^#]+)$/.exec(pk);
  if (!match?.[1] || !match[2]) throw new Error(`an open batch has the key ${pk}`);
  return { organisationId: match[1], referenceId: match[2] };
}
