import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { changed, ifCondition, type Table } from '../platform/dynamodb.ts';
import { ledgerKey } from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import { type LedgerChange, type LedgerStore, ledgerOf, NEW_LEDGER, type StoredLedger } from './ledger.ts';

/** Absent attributes follow the settings until the upstream's headers say otherwise. */
const FORMAT = 1;

const ledgerItem = z.object({
  format: z.literal(FORMAT).default(FORMAT),
  epoch: z.number(),
  anchor: z.number().exactOptional(),
  length: z.number().exactOptional(),
  limit: z.number().exactOptional(),
  blockedUntil: z.number(),
  circuitOpenUntil: z.number().exactOptional(),
  failures: z.number(),
  used: z.record(z.string(), z.number()),
});

/** @throws ZodError when the item isn't a ledger of this format */
export function fromLedgerItem(item: unknown): StoredLedger {
  const { format: _, used, ...stored } = ledgerItem.parse(item);
  return {
    ...NEW_LEDGER,
    ...stored,
    used: new Map(Object.entries(used).map(([window, tokens]) => [Number(window), tokens])),
  };
}

/**
 * One item per organisation.
 * @param once a table whose client never repeats a write, for the one change that must not happen twice
 */
export function dynamoDbLedgers(table: Table, once: Table, settings: Pick<Settings, 'upstream'>): LedgerStore {
  const { name: TableName } = table;

  const read: LedgerStore['read'] = async (organisationId) => {
    const Key = ledgerKey(organisationId);
    const { Item } = await table.client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item !== undefined) return ledgerOf(fromLedgerItem(Item), settings);
    // The map of used tokens has to exist before a window can be set in it.
    const fresh = { ...Key, format: FORMAT, epoch: 0, blockedUntil: 0, failures: 0, used: {} };
    const ConditionExpression = 'attribute_not_exists(pk)';
    await ifCondition(table.client.send(new PutCommand({ TableName, Item: fresh, ConditionExpression })));
    return read(organisationId);
  };

  return {
    read,
    apply: async (organisationId, change) => {
      const { client } = change.kind === 'release' ? once : table;
      const write = {
        TableName,
        Key: ledgerKey(organisationId),
        ...expressionOf(change),
        ReturnValues: 'ALL_NEW',
      } as const;
      const item = await changed(client.send(new UpdateCommand(write)));
      return item === null ? null : ledgerOf(fromLedgerItem(item), settings);
    },
  };
}

type Expression = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** `applyChange` as one conditional update per change. `limit` and `length` are reserved words. */
function expressionOf(change: LedgerChange): Expression {
  switch (change.kind) {
    case 'take':
      return take(change);
    case 'release':
      return {
        UpdateExpression: 'SET used.#window = used.#window - :tokens',
        ConditionExpression: 'used.#window >= :tokens AND epoch = :epoch',
        ExpressionAttributeNames: { '#window': String(change.window) },
        ExpressionAttributeValues: { ':tokens': change.tokens, ':epoch': change.epoch },
      };
    case 'count-others':
      return {
        UpdateExpression: 'SET used.#window = :tokens',
        ConditionExpression: 'used.#window < :tokens',
        ExpressionAttributeNames: { '#window': String(change.window) },
        ExpressionAttributeValues: { ':tokens': change.tokens },
      };
    case 'raise-limit':
      return {
        UpdateExpression: 'SET #limit = :limit',
        ConditionExpression: 'epoch = :epoch',
        ExpressionAttributeNames: { '#limit': 'limit' },
        ExpressionAttributeValues: { ':limit': change.limit, ':epoch': change.epoch },
      };
    case 'new-epoch':
      return {
        UpdateExpression:
          'SET epoch = :next, anchor = :anchor, #length = :length, #limit = :limit, used = :none, blockedUntil = :blockedUntil',
        ConditionExpression: 'epoch = :epoch',
        ExpressionAttributeNames: { '#limit': 'limit', '#length': 'length' },
        ExpressionAttributeValues: {
          ':epoch': change.epoch,
          ':next': change.epoch + 1,
          ':anchor': change.anchor,
          ':length': change.length,
          ':limit': change.limit,
          ':none': {},
          ':blockedUntil': change.blockedUntil,
        },
      };
    case 'block':
      return {
        UpdateExpression: 'SET blockedUntil = :until',
        ConditionExpression: 'blockedUntil < :until',
        ExpressionAttributeValues: { ':until': change.until },
      };
    case 'open-circuit':
      return {
        UpdateExpression: 'SET circuitOpenUntil = :until, failures = :none',
        ConditionExpression: 'attribute_not_exists(circuitOpenUntil)',
        ExpressionAttributeValues: { ':until': change.until, ':none': 0 },
      };
    case 'extend-circuit':
      return {
        UpdateExpression: 'SET circuitOpenUntil = :until',
        ConditionExpression: 'circuitOpenUntil < :until',
        ExpressionAttributeValues: { ':until': change.until },
      };
    case 'half-open-circuit':
      return {
        UpdateExpression: 'SET circuitOpenUntil = :until',
        ConditionExpression: 'circuitOpenUntil = :seen',
        ExpressionAttributeValues: { ':until': change.until, ':seen': change.seen },
      };
    case 'close-circuit':
      return { UpdateExpression: 'REMOVE circuitOpenUntil' };
    case 'count-failures':
      return {
        UpdateExpression: change.afterAnswer ? 'SET failures = :weight' : 'ADD failures :weight',
        ExpressionAttributeValues: { ':weight': change.weight },
      };
  }
}

function take({ tokens, capacities, gone, epoch, blockedUntil }: LedgerChange & { readonly kind: 'take' }): Expression {
  const windows = [...capacities].map(([window, capacity], index) => ({ name: `#w${index}`, index, window, capacity }));
  const added = windows.map(({ name }) => `used.${name} = if_not_exists(used.${name}, :none) + :tokens`);
  const removed = gone.map((_, index) => `used.#gone${index}`);
  const haveRoom = windows.map(
    ({ name, index }) => `(attribute_not_exists(used.${name}) OR used.${name} <= :room${index})`,
  );
  return {
    UpdateExpression: `SET ${added.join()}${removed.length > 0 ? ` REMOVE ${removed.join()}` : ''}`,
    ConditionExpression: [...haveRoom, 'epoch = :epoch', 'blockedUntil = :blockedUntil'].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries([
      ...windows.map(({ name, window }) => [name, String(window)]),
      ...gone.map((window, index) => [`#gone${index}`, String(window)]),
    ]),
    ExpressionAttributeValues: {
      ':none': 0,
      ':tokens': tokens,
      ':epoch': epoch,
      ':blockedUntil': blockedUntil,
      ...Object.fromEntries(windows.map(({ index, capacity }) => [`:room${index}`, capacity - tokens])),
    },
  };
}
