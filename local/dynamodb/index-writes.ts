import { type Item, itemSize, writeUnits } from './item-size.ts';

/** A global secondary index, as far as writing to it costs. */
export interface SecondaryIndex {
  readonly name: string;
  readonly keys: readonly string[];
  /** The attributes copied into the index with both keys, or `all`. */
  readonly projected: readonly string[] | 'all';
}

function projection(index: SecondaryIndex, tableKeys: readonly string[], item: Item | undefined): Item | undefined {
  if (item === undefined || !index.keys.every((key) => key in item)) return undefined;
  if (index.projected === 'all') return item;
  const names = new Set([...index.keys, ...tableKeys, ...index.projected]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

const sameKey = (keys: readonly string[], one: Item, other: Item): boolean =>
  keys.every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]));

const sorted = (item: Item): string =>
  JSON.stringify(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)));

/**
 * The write units that AWS bills for keeping `index` up to date when an item changes from `before` to `after` (undefined: absent).
 * The rules are those of "Global secondary indexes, write capacity" in the developer guide: an entry that comes, goes or changes is
 * one write, a changed key is two, an entry that stays as it is costs nothing.
 */
export function indexWriteUnits(
  index: SecondaryIndex,
  tableKeys: readonly string[],
  before: Item | undefined,
  after: Item | undefined,
): number {
  const old = projection(index, tableKeys, before);
  const fresh = projection(index, tableKeys, after);
  const cost = (entry: Item): number => writeUnits(itemSize(entry));
  if (old === undefined) return fresh === undefined ? 0 : cost(fresh);
  if (fresh === undefined) return cost(old);
  if (!sameKey(index.keys, old, fresh)) return cost(old) + cost(fresh);
  return sorted(old) === sorted(fresh) ? 0 : Math.max(cost(old), cost(fresh));
}
