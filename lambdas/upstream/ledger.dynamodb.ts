import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ifCondition, type Table } from '../platform/dynamodb.ts';
import { ledgerKey } from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import { type Ledger, windowAt } from './rate-window.ts';

/** What was not learnt from the upstream is as the settings say. */
const ledgerItem = z.object({
  epoch: z.number(),
  anchor: z.number().optional(),
  length: z.number().optional(),
  limit: z.number().optional(),
  blockedUntil: z.number(),
  circuitOpenUntil: z.number().optional(),
  failures: z.number(),
  used: z.record(z.string(), z.number()),
});

/** Many workers reserve at once; each lost race means that a window filled up meanwhile. */
export const LEDGER_TRIES = 25;

export type LedgerChange = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** The ledger item of each organisation: read whole, changed by single conditional writes. */
export interface Ledgers {
  /** Strongly consistent; an organisation's first read writes its item. */
  read(organisationId: string): Promise<Ledger>;
  /** The ledger as this container last saw it, to learn only what is new. */
  lastSeen(organisationId: string): Ledger | undefined;
  /**
   * Takes tokens in each of some windows, in one write; false: one of them has filled up, or something else that counts has changed.
   * @param capacities by the beginning of the window, how many tokens it may then hold
   */
  take(
    organisationId: string,
    ledger: Ledger,
    tokens: number,
    capacities: ReadonlyMap<number, number>,
    now: number,
  ): Promise<boolean>;
  /** True when the change took place, false when its condition did not hold. `table` is the one to write through, if not the usual. */
  update(organisationId: string, change: LedgerChange, table?: Table): Promise<boolean>;
}

export function dynamoDbLedgers(table: Table, { upstream }: Settings): Ledgers {
  const { client, name: TableName } = table;
  const seen = new Map<string, Ledger>();

  const read = async (organisationId: string): Promise<Ledger> => {
    const Key = ledgerKey(organisationId);
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item === undefined) {
      const fresh = { epoch: 0, blockedUntil: 0, failures: 0, used: {} };
      const ConditionExpression = 'attribute_not_exists(pk)';
      await ifCondition(client.send(new PutCommand({ TableName, Item: { ...Key, ...fresh }, ConditionExpression })));
      return read(organisationId);
    }
    const stored = ledgerItem.parse(Item);
    const ledger: Ledger = {
      epoch: stored.epoch,
      anchor: stored.anchor ?? 0,
      length: stored.length ?? upstream.window,
      limit: stored.limit ?? upstream.limit,
      blockedUntil: stored.blockedUntil,
      circuitOpenUntil: stored.circuitOpenUntil ?? null,
      failures: stored.failures,
      used: new Map(Object.entries(stored.used).map(([start, tokens]) => [Number(start), tokens])),
    };
    seen.set(organisationId, ledger);
    return ledger;
  };

  const update: Ledgers['update'] = (organisationId, change, { client: writer } = table) =>
    ifCondition(writer.send(new UpdateCommand({ TableName, Key: ledgerKey(organisationId), ...change })));

  return {
    read,
    lastSeen: (organisationId) => seen.get(organisationId),
    update,
    take: (organisationId, ledger, tokens, capacities, now) => {
      const past = [...ledger.used.keys()].filter((start) => start < windowAt(ledger, now) - ledger.length);
      const windows = [...capacities].map(([start, capacity], index) => ({ name: `#w${index}`, start, capacity }));
      const added = windows.map(({ name }) => `used.${name} = if_not_exists(used.${name}, :none) + :tokens`);
      const removed = past.map((_, index) => `used.#past${index}`);
      const haveRoom = windows.map(
        ({ name }, index) => `(attribute_not_exists(used.${name}) OR used.${name} <= :room${index})`,
      );
      return update(organisationId, {
        UpdateExpression: `SET ${added.join()}${removed.length > 0 ? ` REMOVE ${removed.join()}` : ''}`,
        ConditionExpression: [...haveRoom, 'epoch = :epoch', 'blockedUntil = :blockedUntil'].join(' AND '),
        ExpressionAttributeNames: Object.fromEntries([
          ...windows.map(({ name, start }) => [name, String(start)]),
          ...past.map((start, index) => [`#past${index}`, String(start)]),
        ]),
        ExpressionAttributeValues: {
          ':none': 0,
          ':tokens': tokens,
          ':epoch': ledger.epoch,
          ':blockedUntil': ledger.blockedUntil,
          ...Object.fromEntries(windows.map(({ capacity }, index) => [`:room${index}`, capacity - tokens])),
        },
      });
    },
  };
}
