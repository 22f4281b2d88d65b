import { DynamoDBClient, paginateQuery, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { LocalCloud } from '#local/cloud.ts';

/** Read units that pages of a batch take where every row is an item, strongly consistent as the product's are. */
export interface PageUnits {
  /** A page of 100 rows of no filter, whose sort keys are known. */
  readonly unfiltered: number;
  /** A filter or a search, whatever it finds: every row is read. For each row of the batch. */
  readonly filteredARow: number;
}

/** Reads pages of the peer's table, once its rows have ended. */
export async function readPages(cloud: LocalCloud, batch: string, rows: number): Promise<PageUnits> {
  const client = new DynamoDBClient(cloud.clientOptions);
  const query: QueryCommandInput = {
    TableName: cloud.environmentOf('TABLE_NAME'),
    KeyConditionExpression: 'pk = :batch AND begins_with(sk, :row)',
    ExpressionAttributeValues: { ':batch': { S: batch }, ':row': { S: 'ROW#' } },
    ConsistentRead: true,
  };
  const unitsOf = async (read: () => Promise<unknown>): Promise<number> => {
    const before = cloud.meter.read().units['dynamodb.readUnit'];
    await read();
    return cloud.meter.read().units['dynamodb.readUnit'] - before;
  };
  try {
    const unfiltered = await unitsOf(() => paginateQuery({ client }, { ...query, Limit: 100 }).next());
    const filtered = await unitsOf(async () => {
      for await (const _ of paginateQuery({ client }, query));
    });
    return { unfiltered, filteredARow: filtered / rows };
  } finally {
    client.destroy();
  }
}
