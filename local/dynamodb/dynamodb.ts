import { z } from 'zod';
import type { AwsAnswer, AwsCall, AwsService, NeededPermission } from '../aws-call.ts';
import type { Meter } from '../meter.ts';
import type { DynamoEngine } from './engine.ts';
import { indexWriteUnits } from './index-writes.ts';
import { type Item, itemSize, writeUnits } from './item-size.ts';
import { limitViolation } from './limits.ts';
import type { TableModel } from './tables.ts';

const itemSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const inputSchema = z.looseObject({
  TableName: z.string().optional(),
  IndexName: z.string().optional(),
  ConsistentRead: z.boolean().optional(),
  Item: itemSchema.optional(),
  Key: itemSchema.optional(),
  ReturnValues: z.string().optional(),
  ReturnConsumedCapacity: z.string().optional(),
  UpdateExpression: z.string().optional(),
  AttributeUpdates: z.record(z.string(), z.unknown()).optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  RequestItems: z.record(z.string(), z.unknown()).optional(),
  KeyConditionExpression: z.string().optional(),
  ExpressionAttributeValues: itemSchema.optional(),
});
type Input = z.infer<typeof inputSchema>;

const consumedSchema = z.looseObject({ CapacityUnits: z.number() });
const answerSchema = z.looseObject({
  __type: z.string().optional(),
  Item: itemSchema.optional(),
  Attributes: itemSchema.optional(),
  ConsumedCapacity: z.union([consumedSchema, z.array(consumedSchema)]).optional(),
});
const writeRequests = z.array(
  z.looseObject({
    PutRequest: z.object({ Item: itemSchema }).optional(),
    DeleteRequest: z.object({ Key: itemSchema }).optional(),
  }),
);

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);
const SINGLE_WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const BILLED = new Set([...READS, ...SINGLE_WRITES, 'BatchWriteItem']);

/**
 * DynamoDB: dynalite, with every unit counted that AWS would bill, those that dynalite leaves out included: writes to indexes, failed
 * conditions (by the larger of the item found and the one sent) and the half unit of an empty query. In a BatchWriteItem, index entries that an item
 * replaced or deleted had are not seen.
 */
export class DynamoDb implements AwsService {
  readonly name = 'dynamodb';
  readonly target = 'DynamoDB_20120810';
  readonly #engine: DynamoEngine;
  readonly #tables: ReadonlyMap<string, TableModel>;
  readonly #meter: Meter;
  readonly #listeners: ((item: Item) => void)[] = [];

  constructor(engine: DynamoEngine, tables: readonly TableModel[], meter: Meter) {
    this.#engine = engine;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
    this.#meter = meter;
  }

  /** Tells of each write of one item, by its key or as a whole, once it is done. */
  onWrite(listener: (item: Item) => void): void {
    this.#listeners.push(listener);
  }

  permissions({ action, input }: AwsCall): NeededPermission[] {
    const asked = inputSchema.parse(input);
    const { TableName, IndexName, RequestItems } = asked;
    return [...(TableName === undefined ? [] : [TableName]), ...Object.keys(RequestItems ?? {})].flatMap((name) => {
      const { arn = name, keys = [] } = this.#tables.get(name) ?? {};
      const resource = IndexName === undefined ? arn : `${arn}/index/${IndexName}`;
      const needed = { action: `dynamodb:${action}`, resource };
      const partitions = IndexName === undefined ? partitionsOf(asked, name, keys[0] ?? '') : [];
      return partitions.length === 0 ? [needed] : partitions.map((partition) => ({ ...needed, partition }));
    });
  }

  async answer({ action, input }: AwsCall): Promise<AwsAnswer> {
    const asked = inputSchema.parse(input);
    const table = this.#tables.get(asked.TableName ?? '');
    const named = asked.TableName ?? Object.keys(asked.RequestItems ?? {})[0] ?? '';
    const violation = limitViolation(action, input, this.#tables.get(named)?.keys ?? []);
    if (violation !== null) return refused(violation);
    const indexed = table !== undefined && touchesIndex(table, action, asked);
    const update = indexed && action === 'UpdateItem';
    const found = update ? await this.#read(table, asked) : undefined;
    const answer = await this.#engine.send(action, {
      ...asked,
      ...(BILLED.has(action) ? { ReturnConsumedCapacity: 'TOTAL' } : {}),
      // A put and a delete can give the item they found at no cost; an update cannot give both the old and the new one.
      ...(indexed && !update ? { ReturnValues: 'ALL_OLD' } : {}),
    });
    const { ConsumedCapacity, ...body } = answerSchema.parse(answer.body);
    const units = [ConsumedCapacity ?? []].flat().reduce((sum, consumed) => sum + consumed.CapacityUnits, 0);

    if (answer.status !== 200) {
      if (table !== undefined && body.__type?.endsWith('ConditionalCheckFailedException')) {
        const item = found ?? (await this.#read(table, asked));
        const [there, sent] = [item ?? {}, asked.Item ?? {}].map(itemSize);
        this.#meter.add('dynamodb.writeUnit', writeUnits(Math.max(there ?? 0, sent ?? 0)));
      }
      return { status: answer.status, body };
    }
    if (READS.has(action)) {
      this.#meter.add('dynamodb.readUnit', Math.max(units, asked.ConsistentRead === true ? 1 : 0.5));
    } else {
      this.#meter.add('dynamodb.writeUnit', units);
    }
    if (update) this.#meterIndexes(table, found, await this.#read(table, asked));
    else if (indexed) this.#meterIndexes(table, body.Attributes, asked.Item);
    else if (action === 'BatchWriteItem') this.#meterBatch(asked);
    if (indexed && !update && asked.ReturnValues !== 'ALL_OLD') delete body.Attributes;
    if (SINGLE_WRITES.has(action)) for (const listener of this.#listeners) listener(asked.Key ?? asked.Item ?? {});
    return { status: 200, body: asked.ReturnConsumedCapacity === undefined ? body : { ...body, ConsumedCapacity } };
  }

  #meterIndexes(table: TableModel, before: Item | undefined, after: Item | undefined): void {
    for (const index of table.indexes) {
      this.#meter.add('dynamodb.indexWriteUnit', indexWriteUnits(index, table.keys, before, after));
    }
  }

  #meterBatch(asked: Input): void {
    for (const [name, requests] of Object.entries(asked.RequestItems ?? {})) {
      const table = this.#tables.get(name);
      for (const index of table?.indexes ?? []) {
        for (const { PutRequest } of writeRequests.parse(requests)) {
          if (table === undefined || PutRequest === undefined) continue;
          this.#meter.add('dynamodb.indexWriteUnit', indexWriteUnits(index, table.keys, undefined, PutRequest.Item));
        }
      }
    }
  }

  /** Reads the item that a write is about, for the meter's own use: neither counted nor billed. */
  async #read(table: TableModel, { Key, Item }: Input): Promise<Item | undefined> {
    const key = Key ?? Object.fromEntries(Object.entries(Item ?? {}).filter(([name]) => table.keys.includes(name)));
    const answer = await this.#engine.send('GetItem', { TableName: table.name, Key: key, ConsistentRead: true });
    return answerSchema.parse(answer.body).Item;
  }
}

/** The partitions of a table that a call names, each by its key up to the first `#`: what IAM calls leading keys. */
function partitionsOf(asked: Input, table: string, keyName: string): string[] {
  const writes = writeRequests.parse(asked.RequestItems?.[table] ?? []);
  const value = /= *(:\w+)/.exec(asked.KeyConditionExpression ?? '')?.[1] ?? '';
  const keys = [
    ...[
      asked.Key,
      asked.Item,
      ...writes.flatMap(({ PutRequest, DeleteRequest }) => [PutRequest?.Item, DeleteRequest?.Key]),
    ],
    { [keyName]: asked.ExpressionAttributeValues?.[value] ?? {} },
  ].map((item) => item?.[keyName]?.['S']);
  return [...new Set(keys.flatMap((key) => (typeof key === 'string' ? [key.replace(/(?<=#).*/s, '')] : [])))];
}

const refused = (message: string): AwsAnswer => ({
  status: 400,
  body: { __type: 'com.amazon.coral.validate#ValidationException', message },
});

/** Whether a write may change an index entry. Only an update says which attributes it touches. */
function touchesIndex(table: TableModel, action: string, input: Input): boolean {
  if (table.indexes.length === 0 || !SINGLE_WRITES.has(action)) return false;
  if (action !== 'UpdateItem') return true;
  const named = new Set([
    ...(input.UpdateExpression?.match(/[A-Za-z_][\w.]*/g) ?? []),
    ...Object.values(input.ExpressionAttributeNames ?? {}),
    ...Object.keys(input.AttributeUpdates ?? {}),
  ]);
  return table.indexes.some(
    (index) => index.projected === 'all' || [...index.keys, ...index.projected].some((name) => named.has(name)),
  );
}
