import * as z from 'zod';
import { indexWriteUnits, type SecondaryIndex } from '#local/dynamodb/index-writes.ts';
import { type AttributeValue, type Item, itemSize, writeUnits } from '#local/dynamodb/item-size.ts';
import { itemViolation, limitViolation, PAGE_BYTES } from '#local/dynamodb/limits.ts';
import { InvalidUpdate, isTrue, updated, type Values } from './evaluate.ts';
import { parseCondition, parseUpdate } from './expression.ts';

/** An error that DynamoDB answers with. */
export class TableError extends Error {
  override readonly name = 'TableError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** What has been billed so far. */
export interface TableUnits {
  readonly read: number;
  readonly write: number;
  readonly indexWrite: number;
}

/** The SDK has marshalled it: looking at every value again would take most of the time. */
const item = z.custom<Item>((value) => typeof value === 'object' && value !== null);
const input = z.object({
  Key: item.default({}),
  Item: item.default({}),
  ConditionExpression: z.string().exactOptional(),
  UpdateExpression: z.string().default(''),
  KeyConditionExpression: z.string().default(''),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: item.default({}),
  ReturnValues: z.string().exactOptional(),
  IndexName: z.string().exactOptional(),
  ConsistentRead: z.boolean().default(false),
  ExclusiveStartKey: item.exactOptional(),
  RequestItems: z
    .record(
      z.string(),
      z.array(
        z.object({
          PutRequest: z.object({ Item: item }).exactOptional(),
          DeleteRequest: z.object({ Key: item }).exactOptional(),
        }),
      ),
    )
    .default({}),
});
type Input = z.output<typeof input>;

const KEYS = ['pk', 'sk'];

/** @throws TableError when a limit is exceeded */
function orInvalid(violation: string | null): void {
  if (violation !== null) throw new TableError('ValidationException', violation);
}

const text = (value: AttributeValue | undefined): string => {
  const content = value?.['S'];
  if (typeof content !== 'string')
    throw new TableError('ValidationException', 'The provided key element does not match the schema');
  return content;
};
const isSame = (one: Item, other: Item): boolean =>
  text(one['pk']) === text(other['pk']) && text(one['sk']) === text(other['sk']);
const readUnits = (bytes: number, isConsistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / 4096)) * (isConsistent ? 1 : 0.5);

/**
 * The table of the stack, in memory: keys `pk` and `sk`, one keys-only index. It answers the calls that the product's stores make, in DynamoDB's JSON, at
 * once and in the order in which they come, and bills what AWS would. Items are never changed in place.
 */
export class MemoryTable {
  /** By partition key, and in each by sort key. */
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #index: SecondaryIndex;
  /** The index before its last changes, the newest last. */
  readonly #past: (readonly Item[])[] = [];
  /** Called with every item that a write has left, by its key; undefined for one that is gone. */
  onWrite: (key: Item, item: Item | undefined) => void = () => {};
  #units = { read: 0, write: 0, indexWrite: 0 };

  constructor(indexName: string, indexKeys: readonly [string, string]) {
    this.#index = { name: indexName, keys: indexKeys, projected: [] };
  }

  get units(): TableUnits {
    return { ...this.#units };
  }

  get items(): readonly Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  /**
   * @param unprocessed how many requests of a BatchWriteItem are left undone
   * @param staleness how many changes a query of the index is behind
   * @throws TableError as DynamoDB answers
   */
  call(action: string, asked: unknown, unprocessed = 0, staleness = 0): object {
    const parsed = input.parse(asked);
    orInvalid(limitViolation(action, asked, KEYS));
    switch (action) {
      case 'GetItem':
        return this.#get(parsed);
      case 'PutItem':
        return this.#write(parsed, parsed.Item, () => parsed.Item);
      case 'UpdateItem':
        return this.#write(parsed, parsed.Key, (before) => updatedItem(parsed, before));
      case 'DeleteItem':
        return this.#write(parsed, parsed.Key, () => undefined);
      case 'Query':
        return this.#query(parsed, staleness);
      case 'BatchWriteItem':
        return this.#batchWrite(parsed, unprocessed);
      default:
        throw new TableError('UnknownOperationException', `the table in memory has no ${action}`);
    }
  }

  #find(Key: Item): Item | undefined {
    return this.#partitions.get(text(Key['pk']))?.get(text(Key['sk']));
  }

  #get({ Key, ConsistentRead }: Input): object {
    const found = this.#find(Key);
    this.#units.read += readUnits(found ? itemSize(found) : 0, ConsistentRead);
    return found ? { Item: found } : {};
  }

  #write(asked: Input, Key: Item, change: (before: Item | undefined) => Item | undefined): object {
    const before = this.#find(Key);
    const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = asked;
    const holds =
      ConditionExpression === undefined ||
      isTrue(parseCondition(ConditionExpression, ExpressionAttributeNames), before, ExpressionAttributeValues);
    if (!holds) {
      // Billed by the larger of the item found and the one sent.
      this.#units.write += writeUnits(Math.max(itemSize(before ?? {}), itemSize(asked.Item)));
      throw new TableError('ConditionalCheckFailedException', 'The conditional request failed');
    }
    const after = change(before);
    orInvalid(after === undefined ? null : itemViolation(after));
    this.#put(Key, before, after);
    return asked.ReturnValues === 'ALL_NEW' && after ? { Attributes: after } : {};
  }

  #put(Key: Item, before: Item | undefined, after: Item | undefined): void {
    this.#units.write += writeUnits(Math.max(itemSize(before ?? {}), itemSize(after ?? {})));
    const indexWrites = indexWriteUnits(this.#index, KEYS, before, after);
    this.#units.indexWrite += indexWrites;
    if (indexWrites > 0) this.#past.push(this.#indexed());
    const [pk, sk] = [text(Key['pk']), text(Key['sk'])];
    const partition = this.#partitions.get(pk) ?? new Map<string, Item>();
    if (after) this.#partitions.set(pk, partition.set(sk, after));
    else partition.delete(sk);
    this.onWrite(Key, after);
  }

  /** The partition that one of a query's values names, in the order of its sort keys. */
  #partitionOf(values: Values): readonly Item[] {
    const named = Object.values(values).flatMap((value) => this.#partitions.get(String(value['S'])) ?? []);
    return named.flatMap((partition) =>
      [...partition].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each),
    );
  }

  #indexed(): Item[] {
    const [hash = '', range = ''] = this.#index.keys;
    return this.items
      .filter((each) => hash in each && range in each)
      .map((each) =>
        Object.fromEntries([...KEYS, hash, range].flatMap((name) => (each[name] ? [[name, each[name]]] : []))),
      )
      .toSorted((a, b) => (text(a[range]) < text(b[range]) ? -1 : 1));
  }

  #query(asked: Input, staleness: number): object {
    const { IndexName, KeyConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues, ConsistentRead } =
      asked;
    const condition = parseCondition(KeyConditionExpression, ExpressionAttributeNames);
    const indexed = (): readonly Item[] => (staleness > 0 ? this.#past.at(-staleness) : undefined) ?? this.#indexed();
    const source = IndexName === undefined ? this.#partitionOf(ExpressionAttributeValues) : indexed();
    const matching = source.filter((each) => isTrue(condition, each, ExpressionAttributeValues));
    const start = asked.ExclusiveStartKey;
    const from = start ? matching.findIndex((each) => isSame(each, start)) + 1 : 0;
    const page: Item[] = [];
    let bytes = 0;
    for (const each of matching.slice(from)) {
      if (bytes >= PAGE_BYTES) break;
      page.push(each);
      bytes += itemSize(each);
    }
    this.#units.read += readUnits(bytes, ConsistentRead);
    const last = page.at(-1);
    const isCut = from + page.length < matching.length;
    return {
      Items: page,
      Count: page.length,
      ...(isCut && last ? { LastEvaluatedKey: { pk: last['pk'], sk: last['sk'] } } : {}),
    };
  }

  #batchWrite({ RequestItems }: Input, unprocessed: number): object {
    const [[name, requests] = ['', []]] = Object.entries(RequestItems);
    const done = Math.max(0, requests.length - unprocessed);
    for (const { PutRequest, DeleteRequest } of requests.slice(0, done)) {
      const Key = PutRequest?.Item ?? DeleteRequest?.Key;
      if (Key) this.#put(Key, this.#find(Key), PutRequest?.Item);
    }
    return { UnprocessedItems: done === requests.length ? {} : { [name]: requests.slice(done) } };
  }
}

function updatedItem(
  { Key, UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Input,
  before: Item | undefined,
): Item {
  try {
    const values: Values = ExpressionAttributeValues;
    return updated(before ?? Key, parseUpdate(UpdateExpression, ExpressionAttributeNames), values);
  } catch (error) {
    if (error instanceof InvalidUpdate) throw new TableError('ValidationException', error.message);
    throw error;
  }
}
