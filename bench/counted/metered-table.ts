import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { AwsFront } from '#local/aws-front.ts';
import { CallRecord } from '#local/call-record.ts';
import { DynamoDb } from '#local/dynamodb/dynamodb.ts';
import { DynamoEngine } from '#local/dynamodb/engine.ts';
import { createTables } from '#local/dynamodb/tables.ts';
import { Meter } from '#local/meter.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { StackResources } from '#local/template/resources.ts';

/** The stack's table on the local cloud's DynamoDB, with the local cloud's meter, and nothing else of the local cloud. */
export interface MeteredTable extends Table {
  readonly meter: Meter;
  close(): Promise<void>;
}

/** Starts an empty table of a synthesized stack, which must have exactly one. */
export async function openMeteredTable(assembly: Assembly): Promise<MeteredTable> {
  const meter = new Meter();
  const front = new AwsFront(meter, new CallRecord());
  const endpoint = await front.listen(0);
  const engine = new DynamoEngine(undefined);
  await engine.start();
  const tables = await createTables(engine, new StackResources(assembly, endpoint));
  const [table] = tables;
  if (table === undefined || tables.length > 1) throw new Error(`the stack has ${tables.length} tables`);
  front.add(new DynamoDb(engine, tables, meter));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamo = new DynamoDBClient({ endpoint, region: assembly.region, credentials });
  return {
    name: table.name,
    client: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    meter,
    close: async () => {
      dynamo.destroy();
      await front.close();
      await engine.close();
    },
  };
}
