import {
  CreateTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import * as z from 'zod';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { limitViolation } from '#local/dynamodb/limits.ts';
import { listen, stopServer } from '#local/listening.ts';

/** A real, empty table on an embedded DynamoDB, with the keys and the index of the stack. */
export interface LocalTable extends Table {
  readonly endpoint: string;
  /** Every item, with its keys. */
  items(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export const OPEN_BATCHES_INDEX = 'open-batches';

export async function localTable(): Promise<LocalTable> {
  const server = dynalite({ createTableMs: 0 });
  const endpoint = await listen(server, 0);
  const dynamo = new DynamoDBClient({
    endpoint,
    region: 'ap-south-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  refuseBeyondLimits(dynamo);
  const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
  const name = 'table';
  const key = (attribute: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName: attribute, KeyType });
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'openBatches', 'acceptedAt'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      GlobalSecondaryIndexes: [
        {
          IndexName: OPEN_BATCHES_INDEX,
          KeySchema: [key('openBatches', 'HASH'), key('acceptedAt', 'RANGE')],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  // dynalite makes a table active a moment after it has answered.
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName: name });
  return {
    client,
    name,
    endpoint,
    items: async () => {
      const items: Record<string, unknown>[] = [];
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const page = await client.send(new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey }));
        items.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return items;
    },
    close: async () => {
      dynamo.destroy();
      await stopServer(server);
    },
  };
}

const httpRequest = z.object({ headers: z.record(z.string(), z.string()), body: z.instanceof(Uint8Array) });

/** Refuses what AWS would refuse and dynalite takes. */
function refuseBeyondLimits(dynamo: DynamoDBClient): void {
  dynamo.middlewareStack.add(
    (next) => async (args) => {
      const { headers, body } = httpRequest.parse(args.request);
      const action = headers['x-amz-target']?.split('.')[1] ?? '';
      const message = limitViolation(action, JSON.parse(new TextDecoder().decode(body)), ['pk', 'sk']);
      if (message === null) return next(args);
      throw new DynamoDBServiceException({ name: 'ValidationException', message, $fault: 'client', $metadata: {} });
    },
    { step: 'build' },
  );
}
