import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Reservation } from '../../core/domain/chunk-state.ts';
import { AWAY } from '../../core/domain/circuit.ts';
import { correctionOf, credibleReset } from '../../core/domain/rate-lesson.ts';
import { capacityOf, isStillGood, type Ledger, offerWindow, windowAt } from '../../core/domain/rate-window.ts';
import type { Budget, BudgetLesson, Leave } from '../../core/ports.ts';
import type { Settings } from '../../core/settings.ts';
import { ledgerKey } from './keys.ts';
import { holds, type Table } from './table.ts';

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

/** Many chunks reserve at once; each lost race means that the window filled up meanwhile. */
const TRIES = 25;

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/**
 * One ledger item per organisation. A reservation is one conditional write of one number in it, whatever the number of calls.
 * @param once a table whose client does not repeat a write by itself, for the one that must not happen twice
 */
export function dynamoDbBudget({ client, name: TableName }: Table, once: Table, settings: Settings): Budget {
  const { window, limit, circuitWait } = settings.upstream;
  const { clockSkew, waitStep } = settings;
  /** The ledger as this container last saw it, to learn only what is new. */
  const lastSeen = new Map<string, Ledger>();

  const read = async (organisationId: string): Promise<Ledger> => {
    const Key = ledgerKey(organisationId);
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item === undefined) {
      const fresh = { epoch: 0, blockedUntil: 0, failures: 0, used: {} };
      const ConditionExpression = 'attribute_not_exists(pk)';
      await holds(client.send(new PutCommand({ TableName, Item: { ...Key, ...fresh }, ConditionExpression })));
      return read(organisationId);
    }
    const stored = ledgerItem.parse(Item);
    const ledger: Ledger = {
      epoch: stored.epoch,
      anchor: stored.anchor ?? 0,
      length: stored.length ?? window,
      limit: stored.limit ?? limit,
      blockedUntil: stored.blockedUntil,
      circuitOpenUntil: stored.circuitOpenUntil ?? null,
      failures: stored.failures,
      used: new Map(Object.entries(stored.used).map(([start, tokens]) => [Number(start), tokens])),
    };
    lastSeen.set(organisationId, ledger);
    return ledger;
  };

  const update = (organisationId: string, change: Change, table: Table = { client, name: TableName }) =>
    holds(table.client.send(new UpdateCommand({ TableName, Key: ledgerKey(organisationId), ...change })));

  /** Only one worker tries an open circuit: the one whose write moves the time of the next trial. */
  const tryCircuit = async (
    organisationId: string,
    { epoch }: Ledger,
    openUntil: number,
    now: number,
  ): Promise<Leave> => {
    const next = now + circuitWait;
    const isOurs = await update(organisationId, {
      UpdateExpression: 'SET circuitOpenUntil = :next',
      ConditionExpression: 'circuitOpenUntil = :seen',
      ExpressionAttributeValues: { ':next': next, ':seen': openUntil },
    });
    if (!isOurs) return { granted: false, waitUntil: next };
    const reservation = { startsAt: now - clockSkew, endsAt: next + clockSkew, tokens: 1, tight: false, epoch };
    return { granted: true, trial: true, taken: false, reservation };
  };

  const take = async (organisationId: string, ledger: Ledger, calls: number, now: number): Promise<Leave | null> => {
    const reservation = offerWindow(ledger, calls, now, clockSkew);
    if (!reservation) return { granted: false, waitUntil: now + ledger.length };
    const { startsAt, tokens } = reservation;
    const past = [...ledger.used.keys()].filter((start) => start < windowAt(ledger, now) - ledger.length);
    const remove = past.length > 0 ? ` REMOVE ${past.map((_, index) => `used.#past${index}`).join(', ')}` : '';
    const isTaken = await update(organisationId, {
      UpdateExpression: `SET used.#window = if_not_exists(used.#window, :none) + :tokens${remove}`,
      ConditionExpression:
        '(attribute_not_exists(used.#window) OR used.#window <= :room) AND epoch = :epoch AND blockedUntil = :blockedUntil',
      ExpressionAttributeNames: {
        '#window': String(startsAt),
        ...Object.fromEntries(past.map((start, index) => [`#past${index}`, String(start)])),
      },
      ExpressionAttributeValues: {
        ':none': 0,
        ':tokens': tokens,
        ':room': capacityOf(ledger, startsAt > windowAt(ledger, now)) - tokens,
        ':epoch': ledger.epoch,
        ':blockedUntil': ledger.blockedUntil,
      },
    });
    return isTaken ? { granted: true, trial: false, taken: true, reservation } : null;
  };

  const correct = async (
    organisationId: string,
    ledger: Ledger,
    reservation: Reservation,
    lesson: BudgetLesson,
    now: number,
  ): Promise<void> => {
    const correction = lesson.rate && correctionOf(ledger, reservation, lesson.rate, now, clockSkew);
    switch (correction?.kind) {
      case undefined:
        return;
      case 'used':
        await update(organisationId, {
          UpdateExpression: 'SET used.#window = :tokens',
          ConditionExpression: 'used.#window < :tokens',
          ExpressionAttributeNames: { '#window': String(correction.window) },
          ExpressionAttributeValues: { ':tokens': correction.tokens },
        });
        return;
      case 'higher-limit':
        await update(organisationId, {
          UpdateExpression: 'SET #limit = :limit',
          ConditionExpression: 'epoch = :epoch',
          ExpressionAttributeNames: { '#limit': 'limit' },
          ExpressionAttributeValues: { ':limit': correction.limit, ':epoch': ledger.epoch },
        });
        return;
      case 'new-epoch': {
        const { anchor, length } = correction;
        // Calls were made by the wrong windows: one is left out.
        const blockedUntil = windowAt({ ...ledger, anchor, length }, now) + 2 * length;
        await update(organisationId, {
          UpdateExpression:
            'SET epoch = :next, anchor = :anchor, #length = :length, #limit = :limit, used = :none, blockedUntil = :blockedUntil',
          ConditionExpression: 'epoch = :epoch',
          ExpressionAttributeNames: { '#limit': 'limit', '#length': 'length' },
          ExpressionAttributeValues: {
            ':epoch': ledger.epoch,
            ':next': ledger.epoch + 1,
            ':anchor': anchor,
            ':length': length,
            ':limit': correction.limit,
            ':none': {},
            ':blockedUntil': blockedUntil,
          },
        });
      }
    }
  };

  const block = (organisationId: string, until: number) =>
    update(organisationId, {
      UpdateExpression: 'SET blockedUntil = :until',
      ConditionExpression: 'blockedUntil < :until',
      ExpressionAttributeValues: { ':until': until },
    });

  /** Opens the circuit; true when it was closed. */
  const openCircuit = async (organisationId: string, now: number): Promise<boolean> => {
    const isNew = await update(organisationId, {
      UpdateExpression: 'SET circuitOpenUntil = :until, failures = :none',
      ConditionExpression: 'attribute_not_exists(circuitOpenUntil)',
      ExpressionAttributeValues: { ':until': now + circuitWait, ':none': 0 },
    });
    if (isNew) return true;
    await update(organisationId, {
      UpdateExpression: 'SET circuitOpenUntil = :until',
      ConditionExpression: 'circuitOpenUntil < :until',
      ExpressionAttributeValues: { ':until': now + circuitWait },
    });
    return false;
  };

  /** Adds failures to those of other workers; true when there are so many in a row that the upstream must be away. */
  const addFailures = async (
    organisationId: string,
    { points, answered }: BudgetLesson['failures'],
  ): Promise<boolean> => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName,
        Key: ledgerKey(organisationId),
        UpdateExpression: answered ? 'SET failures = :points' : 'ADD failures :points',
        ExpressionAttributeValues: { ':points': points },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return z.object({ failures: z.number() }).parse(Attributes).failures >= AWAY;
  };

  return {
    reserve: async (organisationId, calls, held, now) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const ledger = await read(organisationId);
        const { circuitOpenUntil } = ledger;
        if (circuitOpenUntil !== null) {
          if (circuitOpenUntil > now) return { granted: false, waitUntil: circuitOpenUntil };
          return tryCircuit(organisationId, ledger, circuitOpenUntil, now);
        }
        if (held && isStillGood(held, ledger, now, clockSkew)) {
          return { granted: true, trial: false, taken: false, reservation: held };
        }
        const leave = await take(organisationId, ledger, calls, now);
        if (leave) return leave;
      }
      return { granted: false, waitUntil: now + waitStep };
    },

    giveBack: async (organisationId, { startsAt, epoch }, tokens) => {
      const change = {
        UpdateExpression: 'SET used.#window = used.#window - :tokens',
        ConditionExpression: 'used.#window >= :tokens AND epoch = :epoch',
        ExpressionAttributeNames: { '#window': String(startsAt) },
        ExpressionAttributeValues: { ':tokens': tokens, ':epoch': epoch },
      };
      await update(organisationId, change, once);
    },

    learn: async (organisationId, reservation, lesson, now) => {
      const ledger = lastSeen.get(organisationId);
      if (lesson.circuit === 'open') return openCircuit(organisationId, now);
      if (lesson.circuit === 'close') {
        await update(organisationId, { UpdateExpression: 'REMOVE circuitOpenUntil' });
      }
      if (lesson.rateLimited) {
        const resetAt = lesson.rate && credibleReset(lesson.rate, now, clockSkew);
        await block(organisationId, Math.max(resetAt ?? reservation.endsAt, now + waitStep));
      }
      if (ledger) await correct(organisationId, ledger, reservation, lesson, now);
      const { points, answered } = lesson.failures;
      const isNews = points > 0 || (answered && (ledger?.failures ?? 0) > 0);
      return isNews && (await addFailures(organisationId, lesson.failures)) ? openCircuit(organisationId, now) : false;
    },
  };
}
