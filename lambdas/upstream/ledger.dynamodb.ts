import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { changed, ifCondition, newWriteId, type Table } from '../platform/dynamodb.ts';
import { ledgerKey } from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import { type Anchor, type LedgerChange, type LedgerStore, ledgerOf, NEW_LEDGER } from './ledger.ts';
import { fromLedgerItem, isCurrent, toLedgerItem } from './ledger-codec.ts';

/**
 * One item per organisation.
 * @param once a table whose client never repeats a write, for the changes that must not happen twice
 */
export function dynamoDbLedgers(table: Table, once: Table, settings: Pick<Settings, 'upstream'>): LedgerStore {
  const { name: TableName } = table;

  const read: LedgerStore['read'] = async (organisationId) => {
    const Key = ledgerKey(organisationId);
    const { Item } = await table.client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item !== undefined && isCurrent(Item)) return ledgerOf(fromLedgerItem(Item), settings);
    // The maps have to exist before a window can be set in them.
    const fresh = { ...Key, ...toLedgerItem(Item === undefined ? NEW_LEDGER : fromLedgerItem(Item)) };
    const ConditionExpression = 'attribute_not_exists(taken)';
    await ifCondition(table.client.send(new PutCommand({ TableName, Item: fresh, ConditionExpression })));
    return read(organisationId);
  };

  return {
    read,
    apply: async (organisationId, change) => {
      const { client } = ADDS.includes(change.kind) ? once : table;
      const write = {
        TableName,
        Key: ledgerKey(organisationId),
        ...expressionOf(change),
        ReturnValues: 'ALL_NEW',
      } as const;
      const item = await changed(client.send(new UpdateCommand(write)));
      return item === null ? null : ledgerOf(fromLedgerItem(item), settings);
    },
    newWriteId: () => Buffer.from(newWriteId()).toString('base64'),
  };
}

/** What a repeat would add a second time. */
const ADDS: readonly LedgerChange['kind'][] = ['release', 'count-failures'];

type Expression = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** `applyChange` as one conditional update per change. `length` is a reserved word. */
function expressionOf(change: LedgerChange): Expression {
  switch (change.kind) {
    case 'take':
      return take(change);
    case 'release':
      return {
        UpdateExpression: 'SET taken.#window = taken.#window - :tokens',
        ConditionExpression: 'taken.#window >= :tokens AND epoch = :epoch',
        ExpressionAttributeNames: { '#window': String(change.window) },
        ExpressionAttributeValues: { ':tokens': change.tokens, ':epoch': change.epoch },
      };
    case 'count-others':
      return {
        UpdateExpression: 'SET otherCalls.#window = :calls',
        ConditionExpression: 'attribute_not_exists(otherCalls.#window) OR otherCalls.#window < :calls',
        ExpressionAttributeNames: { '#window': String(change.window) },
        ExpressionAttributeValues: { ':calls': change.calls },
      };
    case 'tell-end': {
      const { window, endsAt, length, seen } = change;
      return {
        UpdateExpression: 'SET anchor = :anchor, #length = :length',
        ConditionExpression: isAt(seen).expression,
        ExpressionAttributeNames: { '#length': 'length', ...isAt(seen).names },
        ExpressionAttributeValues: {
          ':anchor': { window, endsAt },
          ':length': length,
          ...isAt(seen).values,
        },
      };
    }
    case 'tell-limit':
      return {
        UpdateExpression: 'SET limits.#endpoint = :limit',
        ConditionExpression: 'epoch = :epoch',
        ExpressionAttributeNames: { '#endpoint': change.endpoint },
        ExpressionAttributeValues: { ':limit': change.limit, ':epoch': change.epoch },
      };
    case 'lower-limit': {
      const isSame = 'taken.#window = :tokens';
      return {
        UpdateExpression: 'SET limits.#endpoint = :limit, epoch = :next, taken = :taken',
        ConditionExpression: `epoch = :epoch AND ${change.taken === 0 ? `(attribute_not_exists(taken.#window) OR ${isSame})` : isSame}`,
        ExpressionAttributeNames: { '#endpoint': change.endpoint, '#window': String(change.window) },
        ExpressionAttributeValues: {
          ':limit': change.limit,
          ':epoch': change.epoch,
          ':next': change.epoch + 1,
          ':taken': { [change.window]: change.taken },
          ':tokens': change.taken,
        },
      };
    }
    case 'block':
      return {
        UpdateExpression: 'SET blockedUntil = :until',
        ConditionExpression: 'blockedUntil < :until',
        ExpressionAttributeValues: { ':until': change.until },
      };
    case 'open-circuit':
      return {
        UpdateExpression: 'SET circuitOpenUntil = :until, circuitBy = :by, failures = :none',
        ConditionExpression: 'attribute_not_exists(circuitOpenUntil) OR circuitBy = :by',
        ExpressionAttributeValues: { ':until': change.until, ':by': change.by, ':none': 0 },
      };
    case 'extend-circuit':
      return {
        UpdateExpression: 'SET circuitOpenUntil = :until REMOVE circuitBy',
        ConditionExpression: 'circuitOpenUntil < :until',
        ExpressionAttributeValues: { ':until': change.until },
      };
    case 'half-open-circuit':
      return {
        UpdateExpression:
          'SET circuitOpenUntil = :until, circuitBy = :by, taken.#window = if_not_exists(taken.#window, :none) + :one',
        ConditionExpression: 'circuitOpenUntil = :seen OR circuitBy = :by',
        ExpressionAttributeNames: { '#window': String(change.window) },
        ExpressionAttributeValues: {
          ':until': change.until,
          ':seen': change.seen,
          ':by': change.by,
          ':none': 0,
          ':one': 1,
        },
      };
    case 'close-circuit':
      return {
        UpdateExpression: 'REMOVE circuitOpenUntil, circuitBy',
        ConditionExpression: 'circuitOpenUntil <= :until',
        ExpressionAttributeValues: { ':until': change.until },
      };
    case 'count-failures':
      return {
        UpdateExpression: change.afterAnswer ? 'SET failures = :weight' : 'ADD failures :weight',
        ExpressionAttributeValues: { ':weight': change.weight },
      };
  }
}

/** The windows are as they were seen. `window` is a reserved word. */
const isAt = ({ window, endsAt, isTold }: Anchor) =>
  isTold
    ? {
        expression: 'anchor.#anchored = :anchored AND anchor.endsAt = :anchoredEnd',
        names: { '#anchored': 'window' },
        values: { ':anchored': window, ':anchoredEnd': endsAt },
      }
    : { expression: 'attribute_not_exists(anchor)', names: {}, values: {} };

function take({ tokens, room, gone, seen, epoch, blockedUntil }: LedgerChange & { readonly kind: 'take' }): Expression {
  const windows = [...room].map(([window, { capacity, others }], index) => ({ index, window, capacity, others }));
  const added = windows.map(({ index }) => `taken.#w${index} = if_not_exists(taken.#w${index}, :none) + :tokens`);
  const removed = gone.flatMap((_, index) => [`taken.#gone${index}`, `otherCalls.#gone${index}`]);
  const haveRoom = windows.flatMap(({ index }) => [
    `(attribute_not_exists(taken.#w${index}) OR taken.#w${index} <= :room${index})`,
    `(attribute_not_exists(otherCalls.#w${index}) OR otherCalls.#w${index} <= :others${index})`,
  ]);
  return {
    UpdateExpression: `SET ${added.join()}${removed.length > 0 ? ` REMOVE ${removed.join()}` : ''}`,
    ConditionExpression: [...haveRoom, isAt(seen).expression, 'epoch = :epoch', 'blockedUntil = :blockedUntil'].join(
      ' AND ',
    ),
    ExpressionAttributeNames: Object.fromEntries([
      ...Object.entries(isAt(seen).names),
      ...windows.map(({ index, window }) => [`#w${index}`, String(window)]),
      ...gone.map((window, index) => [`#gone${index}`, String(window)]),
    ]),
    ExpressionAttributeValues: {
      ':none': 0,
      ':tokens': tokens,
      ':epoch': epoch,
      ':blockedUntil': blockedUntil,
      ...isAt(seen).values,
      ...Object.fromEntries(
        windows.flatMap(({ index, capacity, others }) => [
          [`:room${index}`, capacity - tokens],
          [`:others${index}`, others],
        ]),
      ),
    },
  };
}
