import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { StackResources } from '../template/resources.ts';
import type { DynamoEngine } from './engine.ts';
import type { SecondaryIndex } from './index-writes.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const indexSchema = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
const tableSchema = z.object({
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  KeySchema: keySchema,
  BillingMode: z.literal('PAY_PER_REQUEST', 'the meter counts units of tables on demand only'),
  GlobalSecondaryIndexes: z.array(indexSchema).optional(),
  LocalSecondaryIndexes: z.undefined('local secondary indexes are not metered').optional(),
  StreamSpecification: z.undefined('dynalite has no streams').optional(),
});

/** A table of the template, as far as calls to it are metered. */
export interface TableModel {
  readonly name: string;
  readonly arn: string;
  readonly keys: readonly string[];
  readonly indexes: readonly SecondaryIndex[];
}

const ACTIVE_TRIES = 400;
const statusSchema = z.object({ Table: z.object({ TableStatus: z.string() }) });

const describedSchema = z.object({
  Table: z.object({ GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string() })).default([]) }),
});

/** Creates the template's tables where they are not there yet. A table of an earlier template with other indexes is an error. */
export async function createTables(engine: DynamoEngine, resources: StackResources): Promise<TableModel[]> {
  const models: TableModel[] = [];
  for (const { ref, attributes, properties } of resources.ofType('AWS::DynamoDB::Table', tableSchema)) {
    const indexes = properties.GlobalSecondaryIndexes ?? [];
    const found = await engine.send('DescribeTable', { TableName: ref });
    if (found.status === 200) {
      const kept = describedSchema.parse(found.body).Table.GlobalSecondaryIndexes;
      if (namesOf(kept) !== namesOf(indexes)) {
        throw new Error(`the table ${ref} kept here has other indexes than the template's: remove the state directory`);
      }
    } else {
      const created = await engine.send('CreateTable', { TableName: ref, ...properties });
      if (created.status !== 200) throw new Error(`no table ${ref}: ${JSON.stringify(created.body)}`);
      await untilActive(engine, ref);
    }
    models.push({
      name: ref,
      arn: attributes['Arn'] ?? '',
      keys: properties.KeySchema.map((key) => key.AttributeName),
      indexes: indexes.map(({ IndexName, KeySchema, Projection }) => ({
        name: IndexName,
        keys: KeySchema.map((key) => key.AttributeName),
        projected: Projection.ProjectionType === 'ALL' ? 'all' : (Projection.NonKeyAttributes ?? []),
      })),
    });
  }
  return models;
}

/** dynalite makes a table active a moment after it has answered; until then every call says that there is none. */
async function untilActive(engine: DynamoEngine, TableName: string): Promise<void> {
  for (let tries = 0; tries < ACTIVE_TRIES; tries += 1) {
    const { body } = await engine.send('DescribeTable', { TableName });
    if (statusSchema.parse(body).Table.TableStatus === 'ACTIVE') return;
    await wait(5);
  }
  throw new Error(`the table ${TableName} does not get active`);
}

const namesOf = (indexes: readonly { readonly IndexName: string }[]): string =>
  indexes
    .map(({ IndexName }) => IndexName)
    .sort()
    .join();
