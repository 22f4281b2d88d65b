import type { AttributeValue, Item } from '#local/dynamodb/item-size.ts';
import type { Condition, Operand, Path, UpdateAction } from './expression.ts';

export type Values = Readonly<Record<string, AttributeValue>>;

/** An update that cannot be made of this item, as DynamoDB's ValidationException. */
export class InvalidUpdate extends Error {
  override readonly name = 'InvalidUpdate';
}

const mapIn = (value: AttributeValue | undefined): Item | undefined => {
  const content = value?.['M'];
  return isMap(content) ? content : undefined;
};
const isMap = (content: unknown): content is Item => typeof content === 'object' && content !== null;

function valueAt(item: Item | undefined, path: Path): AttributeValue | undefined {
  const [name = '', ...rest] = path;
  const value = item?.[name];
  return rest.length === 0 ? value : valueAt(mapIn(value), rest);
}

function numberIn(value: AttributeValue | undefined): number {
  const content = value?.['N'];
  if (typeof content !== 'string')
    throw new InvalidUpdate('An operand in the update expression has an incorrect data type');
  return Number(content);
}

const numeric = (value: number): AttributeValue => ({ N: String(value) });

function operandIn(operand: Operand, item: Item | undefined, values: Values): AttributeValue | undefined {
  switch (operand.kind) {
    case 'path':
      return valueAt(item, operand.path);
    case 'value': {
      const value = values[operand.name];
      if (value === undefined) throw new InvalidUpdate(`the value ${operand.name} is not defined`);
      return value;
    }
    case 'if-not-exists':
      return valueAt(item, operand.path) ?? operandIn(operand.otherwise, item, values);
    case 'sum': {
      const [left, right] = [operand.left, operand.right].map((each) => numberIn(operandIn(each, item, values)));
      return numeric((left ?? 0) + operand.sign * (right ?? 0));
    }
  }
}

/** How two values of one type compare; null where they can't be compared. */
function compared(left: AttributeValue | undefined, right: AttributeValue | undefined): number | null {
  const [[type, one] = []] = Object.entries(left ?? {});
  const [[otherType, other] = []] = Object.entries(right ?? {});
  if (type === undefined || type !== otherType) return null;
  if (type === 'N') return Math.sign(Number(one) - Number(other));
  if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : Number(one > other);
  return JSON.stringify(one) === JSON.stringify(other) ? 0 : null;
}

const COMPARES: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

export function isTrue(condition: Condition, item: Item | undefined, values: Values): boolean {
  switch (condition.kind) {
    case 'and':
      return isTrue(condition.left, item, values) && isTrue(condition.right, item, values);
    case 'or':
      return isTrue(condition.left, item, values) || isTrue(condition.right, item, values);
    case 'not':
      return !isTrue(condition.inner, item, values);
    case 'exists':
      return (valueAt(item, condition.path) !== undefined) === condition.isWanted;
    case 'begins-with': {
      const [value, prefix] = [valueAt(item, condition.path), operandIn(condition.prefix, item, values)];
      const [text, start] = [value?.['S'], prefix?.['S']];
      return typeof text === 'string' && typeof start === 'string' && text.startsWith(start);
    }
    case 'between': {
      const value = operandIn(condition.value, item, values);
      const [low, high] = [condition.from, condition.to].map((each) => compared(value, operandIn(each, item, values)));
      return typeof low === 'number' && typeof high === 'number' && low >= 0 && high <= 0;
    }
    case 'compare': {
      const order = compared(operandIn(condition.left, item, values), operandIn(condition.right, item, values));
      if (condition.operator === '<>') return order !== 0;
      return order !== null && (COMPARES[condition.operator]?.(order) ?? false);
    }
  }
}

/** The item with another value, or none, at a path. */
function withValue(item: Item, path: Path, value: AttributeValue | undefined): Item {
  const [name = '', ...rest] = path;
  if (rest.length > 0) {
    const inner = mapIn(item[name]);
    if (!inner) throw new InvalidUpdate('The document path provided in the update expression is invalid for update');
    return { ...item, [name]: { M: withValue(inner, rest, value) } };
  }
  const { [name]: _, ...others } = item;
  return value === undefined ? others : { ...others, [name]: value };
}

function added(known: AttributeValue | undefined, value: AttributeValue | undefined): AttributeValue | undefined {
  const set = value?.['NS'] ?? value?.['SS'];
  if (!Array.isArray(set)) return numeric((known ? numberIn(known) : 0) + numberIn(value));
  const type = value && 'NS' in value ? 'NS' : 'SS';
  const before: unknown = known?.[type] ?? [];
  if (!Array.isArray(before)) throw new InvalidUpdate('An operand in the update expression has an incorrect data type');
  return { [type]: [...new Set([...before, ...set])] };
}

/** The item with one action of an update done. All operands are those of the item before. */
function withAction(item: Item, action: UpdateAction, before: Item, values: Values): Item {
  if (action.kind === 'remove') return withValue(item, action.path, undefined);
  if (action.kind === 'add') {
    const value = added(valueAt(before, action.path), operandIn(action.value, before, values));
    return withValue(item, action.path, value);
  }
  const value = operandIn(action.to, before, values);
  if (value === undefined) {
    throw new InvalidUpdate('The provided expression refers to an attribute that does not exist in the item');
  }
  return withValue(item, action.path, value);
}

/** The item as an update leaves it. */
export const updated = (before: Item, actions: readonly UpdateAction[], values: Values): Item =>
  actions.reduce((item, action) => withAction(item, action, before, values), before);
