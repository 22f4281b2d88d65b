import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Reservation } from '../../core/domain/chunk-state.ts';
import { capacityOf, driftOf, isAligned, type Ledger, offerWindow, windowAt } from '../../core/domain/rate-window.ts';
import { ConflictError } from '../../core/errors.ts';
import type { Budget, Leave } from '../../core/ports.ts';
import type { Settings } from '../../core/settings.ts';
import { ledgerKey } from './keys.ts';
import { holds, type Table } from './table.ts';

const ledgerItem = z.object({
  anchor: z.number(),
  limit: z.number(),
  blockedUntil: z.number(),
  circuitOpenUntil: z.number().optional(),
  used: z.record(z.string(), z.number()),
});

/** Many chunks reserve at once; each lost race means that the window filled up meanwhile. */
const TRIES = 12;

/** One ledger item per organisation. A reservation is one conditional write of one number in it, whatever the number of calls. */
export function dynamoDbBudget({ client, name: TableName }: Table, settings: Settings): Budget {
  const { window: length, limit, circuitWait } = settings.upstream;
  /** The ledger as this container last saw it, to learn only what is new. */
  const lastSeen = new Map<string, Ledger>();

  const read = async (organisationId: string): Promise<Ledger> => {
    const Key = ledgerKey(organisationId);
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item === undefined) {
      const fresh = { anchor: 0, limit, blockedUntil: 0, used: {} };
      const ConditionExpression = 'attribute_not_exists(pk)';
      await holds(client.send(new PutCommand({ TableName, Item: { ...Key, ...fresh }, ConditionExpression })));
      return read(organisationId);
    }
    const { used, circuitOpenUntil, ...stored } = ledgerItem.parse(Item);
    const ledger: Ledger = {
      ...stored,
      length,
      circuitOpenUntil: circuitOpenUntil ?? null,
      used: new Map(Object.entries(used).map(([start, tokens]) => [Number(start), tokens])),
    };
    lastSeen.set(organisationId, ledger);
    return ledger;
  };

  const update = (organisationId: string, change: Change): Promise<boolean> =>
    holds(client.send(new UpdateCommand({ TableName, Key: ledgerKey(organisationId), ...change })));

  /** Only one worker tries an open circuit: the one whose write moves the time of the next trial. */
  const tryCircuit = async (organisationId: string, openUntil: number, now: number): Promise<Leave> => {
    const next = now + circuitWait;
    const isOurs = await update(organisationId, {
      UpdateExpression: 'SET circuitOpenUntil = :next',
      ConditionExpression: 'circuitOpenUntil = :seen',
      ExpressionAttributeValues: { ':next': next, ':seen': openUntil },
    });
    if (!isOurs) return { granted: false, waitUntil: next };
    const startsAt = now - settings.clockSkew;
    const endsAt = next + settings.clockSkew;
    return { granted: true, trial: true, reservation: { startsAt, endsAt, tokens: 1, tight: false } };
  };

  const take = async (organisationId: string, ledger: Ledger, calls: number, now: number): Promise<Leave | null> => {
    const offer = offerWindow(ledger, calls, now, settings.clockSkew * 2);
    const isAhead = offer.startsAt > windowAt(ledger, now);
    const past = [...ledger.used.keys()].filter((start) => start < windowAt(ledger, now) - length);
    const isTaken = await update(organisationId, {
      UpdateExpression: `SET used.#window = if_not_exists(used.#window, :none) + :tokens${past.length > 0 ? ` REMOVE ${past.map((_, index) => `used.#past${index}`).join(', ')}` : ''}`,
      ConditionExpression:
        '(attribute_not_exists(used.#window) OR used.#window <= :room) AND anchor = :anchor AND blockedUntil <= :startsBy',
      ExpressionAttributeNames: {
        '#window': String(offer.startsAt),
        ...Object.fromEntries(past.map((start, index) => [`#past${index}`, String(start)])),
      },
      ExpressionAttributeValues: {
        ':none': 0,
        ':tokens': offer.tokens,
        ':room': capacityOf(ledger, isAhead) - offer.tokens,
        ':anchor': ledger.anchor,
        ':startsBy': Math.max(offer.startsAt, now),
      },
    });
    return isTaken ? { granted: true, trial: false, reservation: offer } : null;
  };

  return {
    reserve: async (organisationId, calls, held, now) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const ledger = await read(organisationId);
        const { circuitOpenUntil } = ledger;
        if (circuitOpenUntil !== null) {
          if (circuitOpenUntil > now) return { granted: false, waitUntil: circuitOpenUntil };
          return tryCircuit(organisationId, circuitOpenUntil, now);
        }
        if (held && isStillGood(held, ledger, now, settings)) return { granted: true, trial: false, reservation: held };
        const leave = await take(organisationId, ledger, calls, now);
        if (leave) return leave;
      }
      throw new ConflictError('the upstream budget kept being taken by others');
    },

    giveBack: async (organisationId, { startsAt }, tokens) => {
      await update(organisationId, {
        UpdateExpression: 'SET used.#window = used.#window - :tokens',
        ConditionExpression: 'used.#window >= :tokens',
        ExpressionAttributeNames: { '#window': String(startsAt) },
        ExpressionAttributeValues: { ':tokens': tokens },
      });
    },

    learn: async (organisationId, reservation, { rate, rateLimited, circuit }, now) => {
      const ledger = lastSeen.get(organisationId);
      const sets: Record<string, number> = {};
      if (circuit === 'open') sets['circuitOpenUntil'] = now + circuitWait;
      if (rateLimited) sets['blockedUntil'] = rate?.resetAt ?? reservation.endsAt;
      if (ledger && rate?.limit && rate.limit !== ledger.limit) sets['limit'] = rate.limit;
      if (ledger && rate?.resetAt && driftOf(ledger, rate.resetAt) > settings.clockSkew) {
        // The windows lie elsewhere than we thought: leave one out, since calls were made by the wrong ones.
        sets['anchor'] = rate.resetAt;
        sets['blockedUntil'] = rate.resetAt + length;
      }
      const names = Object.keys(sets);
      if (names.length === 0 && circuit !== 'close') return;
      const assignments = names.map((_, index) => `#s${index} = :s${index}`).join(', ');
      await update(organisationId, {
        UpdateExpression: `${names.length > 0 ? `SET ${assignments}` : ''}${circuit === 'close' ? ' REMOVE circuitOpenUntil' : ''}`,
        ...(names.length > 0
          ? {
              ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#s${index}`, name])),
              ExpressionAttributeValues: Object.fromEntries(names.map((name, index) => [`:s${index}`, sets[name]])),
            }
          : {}),
      });
    },
  };
}

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** A reservation from before counts while its window is one of the ledger's, not over, and not blocked since. */
const isStillGood = (held: Reservation, ledger: Ledger, now: number, { clockSkew }: Settings): boolean =>
  now < held.endsAt - clockSkew * 2 &&
  isAligned(ledger, held.startsAt) &&
  ledger.blockedUntil <= Math.max(held.startsAt, now);
