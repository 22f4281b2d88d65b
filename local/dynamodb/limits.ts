import { z } from 'zod';
import { type AttributeValue, type Item, itemSize } from './item-size.ts';

/*
 * What DynamoDB refuses because it is too large, by "Quotas in Amazon DynamoDB" of the developer guide
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html) and the API reference of each action. Emulators
 * leave most of it out, so every table that tests run on asks this module first.
 */

const KB = 1024;
const MB = 1024 * KB;

/** "Expression parameters": each expression string; operators and functions of one; operands of `IN`; all that placeholders stand for. */
const EXPRESSION_BYTES = 4 * KB;
const OPERATORS = 300;
const IN_OPERANDS = 100;
const PLACEHOLDER_BYTES = 255;
const SUBSTITUTION_BYTES = 2 * MB;
/** "Partition key and sort key". */
const KEY_BYTES = { hash: 2 * KB, range: KB } as const;
/** "Items" and "Attributes". */
export const ITEM_BYTES = 400 * KB;
const NESTED_LEVELS = 32;
/** BatchWriteItem. */
const BATCH_REQUESTS = 25;
const BATCH_BYTES = 16 * MB;
/** Query and Scan: what is read before a page ends. */
export const PAGE_BYTES = MB;

const EXPRESSIONS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
] as const;

const optionalText = z.string().optional();
const item = z.custom<Item>((value) => typeof value === 'object' && value !== null);
const requests = z.array(
  z.looseObject({
    PutRequest: z.looseObject({ Item: item }).optional(),
    DeleteRequest: z.looseObject({ Key: item }).optional(),
  }),
);
const input = z.looseObject({
  Key: item.optional(),
  Item: item.optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: item.default({}),
  RequestItems: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Why DynamoDB refuses a call with a ValidationException; null when it's within the limits.
 * @param asked the call in DynamoDB's JSON
 * @param keys the table's partition and sort key; empty for a table that doesn't exist
 */
export function limitViolation(action: string, asked: unknown, keys: readonly string[]): string | null {
  const call = input.parse(asked);
  const key = call.Key ?? call.Item;
  return (
    first(EXPRESSIONS, (name) => {
      const expression = optionalText.parse(call[name]);
      return expression === undefined ? null : expressionViolation(name, expression);
    }) ??
    placeholderViolation(call.ExpressionAttributeNames, call.ExpressionAttributeValues) ??
    (key && keyViolation(key, keys)) ??
    (call.Item && itemViolation(call.Item)) ??
    (action === 'BatchWriteItem' ? batchViolation(Object.values(call.RequestItems), keys) : null)
  );
}

/** Why an item can't be stored, as it is put or as an update leaves it; null when it can. */
export function itemViolation(stored: Item): string | null {
  if (itemSize(stored) > ITEM_BYTES) return 'Item size has exceeded the maximum allowed size';
  return Object.values(stored).some((value) => levels(value) > NESTED_LEVELS)
    ? 'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit'
    : null;
}

function first<T>(all: readonly T[], violation: (each: T) => string | null): string | null {
  for (const each of all) {
    const found = violation(each);
    if (found !== null) return found;
  }
  return null;
}

const WORDS =
  /<=|>=|<>|[=<>+-]|\b(?:and|or|not|in|between|size|contains|begins_with|if_not_exists|list_append|attribute_\w+)\b/gi;
/** What follows `IN`; operands hold no parentheses. */
const IN_LISTS = /\bin\s*\(([^()]*)\)/gi;

/** Of `BETWEEN a AND b` the `AND` is counted, too; the `=` of a `SET` is no operator. */
function operatorsIn(name: (typeof EXPRESSIONS)[number], expression: string): number {
  const words = expression.replace(/[#:][A-Za-z0-9_]+/g, 'x').match(WORDS) ?? [];
  return words.filter((word) => name !== 'UpdateExpression' || word !== '=').length;
}

function expressionViolation(name: (typeof EXPRESSIONS)[number], expression: string): string | null {
  const bytes = Buffer.byteLength(expression);
  if (bytes > EXPRESSION_BYTES) {
    return `Invalid ${name}: Expression size has exceeded the maximum allowed size; expression size: ${bytes}`;
  }
  const operators = operatorsIn(name, expression);
  if (operators > OPERATORS) {
    return `Invalid ${name}: The expression contains too many operators or functions; operator count: ${operators}`;
  }
  return first([...expression.matchAll(IN_LISTS)], ([, operands = '']) => {
    const count = operands.split(',').length;
    return count > IN_OPERANDS
      ? `Invalid ${name}: The IN operator is provided with too many operands; number of operands: ${count}`
      : null;
  });
}

function placeholderViolation(names: Readonly<Record<string, string>>, values: Item): string | null {
  const long = [...Object.keys(names), ...Object.keys(values)].find(
    (each) => Buffer.byteLength(each) > PLACEHOLDER_BYTES,
  );
  if (long !== undefined) {
    return `ExpressionAttributeNames or ExpressionAttributeValues contains a key of more than ${PLACEHOLDER_BYTES} bytes`;
  }
  const named = Object.entries(names).reduce(
    (sum, [from, to]) => sum + Buffer.byteLength(from) + Buffer.byteLength(to),
    0,
  );
  return named + itemSize(values) > SUBSTITUTION_BYTES ? 'ExpressionAttributeValues exceeds max size' : null;
}

function keyViolation(key: Item, [hash, range]: readonly string[]): string | null {
  if (hash === undefined) return null;
  const bytesOf = (name: string): number => itemSize({ '': key[name] ?? { NULL: true } });
  const invalid = 'One or more parameter values were invalid: ';
  if (bytesOf(hash) > KEY_BYTES.hash) {
    return `${invalid}Size of hashkey has exceeded the maximum size limit of2048 bytes`;
  }
  if (range !== undefined && bytesOf(range) > KEY_BYTES.range) {
    return `${invalid}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`;
  }
  const empty = [hash, ...(range === undefined ? [] : [range])].find((name) => key[name]?.['S'] === '');
  return empty === undefined
    ? null
    : `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${empty}`;
}

function batchViolation(tables: readonly unknown[], keys: readonly string[]): string | null {
  const all = tables.flatMap((table) => requests.parse(table));
  if (all.length > BATCH_REQUESTS) return 'Too many items requested for the BatchWriteItem call';
  const items = all.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {});
  const invalid = first(items, (each) => keyViolation(each, keys) ?? itemViolation(each));
  if (invalid !== null) return invalid;
  if (items.reduce((sum, each) => sum + itemSize(each), 0) > BATCH_BYTES) {
    return 'The batch write request size exceeds the maximum of 16 MB';
  }
  const identities = new Set(items.map((each) => JSON.stringify(keys.map((name) => each[name]))));
  return keys.length > 0 && identities.size < items.length ? 'Provided list of item keys contains duplicates' : null;
}

const nested = z.record(z.string(), item).or(z.array(item));

/** How deep a value is nested: 0 for a scalar or a set. */
function levels(value: AttributeValue): number {
  const content = value['M'] ?? value['L'];
  if (typeof content !== 'object' || content === null) return 0;
  return 1 + Math.max(0, ...Object.values(nested.parse(content)).map(levels));
}
