import type { Reservation } from '../chunk/state.ts';
import type { Table } from '../platform/dynamodb.ts';
import type { Settings } from '../platform/settings.ts';
import { dynamoDbCircuit } from './circuit-breaker.ts';
import { dynamoDbClientQuota } from './client-quota.ts';
import { dynamoDbLedgers, LEDGER_TRIES } from './ledger.dynamodb.ts';
import type { Budget, CallOutcomes, ClientQuota, Permit } from './permit.ts';
import { correctionOf, credibleReset } from './rate-limit-headers.ts';
import { capacityOf, isStillGood, type Ledger, offerWindow, windowAt } from './rate-window.ts';

/**
 * One ledger item per organisation. A reservation is one conditional write of one number in it, whatever the number of calls.
 * @param once a table whose client does not repeat a write by itself, for the one that must not happen twice
 */
export function dynamoDbBudget(table: Table, once: Table, settings: Settings): Budget & ClientQuota {
  const { clockSkew, waitStep } = settings;
  const ledgers = dynamoDbLedgers(table, settings);
  const circuit = dynamoDbCircuit(table, ledgers, settings);
  const { read, update } = ledgers;

  const take = async (organisationId: string, ledger: Ledger, calls: number, now: number): Promise<Permit | null> => {
    const reservation = offerWindow(ledger, calls, now, clockSkew);
    if (!reservation) return { granted: false, waitUntil: now + ledger.length };
    const { startsAt, tokens } = reservation;
    const capacities = new Map([[startsAt, capacityOf(ledger, startsAt > windowAt(ledger, now))]]);
    const isTaken = await ledgers.take(organisationId, ledger, tokens, capacities, now);
    return isTaken ? { granted: true, halfOpen: false, taken: true, reservation } : null;
  };

  const correct = async (
    organisationId: string,
    ledger: Ledger,
    reservation: Reservation,
    lesson: CallOutcomes,
    now: number,
  ): Promise<void> => {
    const correction = lesson.rate && correctionOf(ledger, reservation, lesson.rate, now, clockSkew);
    switch (correction?.kind) {
      case undefined:
        return;
      case 'used': {
        // As the ledger was before these calls, those of our own workers look like others'; a read costs less than a write that is refused.
        const { used } = await read(organisationId);
        if ((used.get(correction.window) ?? 0) >= correction.tokens) return;
        await update(organisationId, {
          UpdateExpression: 'SET used.#window = :tokens',
          ConditionExpression: 'used.#window < :tokens',
          ExpressionAttributeNames: { '#window': String(correction.window) },
          ExpressionAttributeValues: { ':tokens': correction.tokens },
        });
        return;
      }
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

  return {
    ...dynamoDbClientQuota(ledgers, circuit, settings),

    reserve: async (organisationId, calls, held, now) => {
      for (let tries = 0; tries < LEDGER_TRIES; tries += 1) {
        const ledger = await read(organisationId);
        const halfOpen = await circuit.halfOpenPermit(organisationId, ledger, now);
        if (halfOpen) return halfOpen;
        if (held && isStillGood(held, ledger, now, clockSkew)) {
          return { granted: true, halfOpen: false, taken: false, reservation: held };
        }
        const leave = await take(organisationId, ledger, calls, now);
        if (leave) return leave;
      }
      return { granted: false, waitUntil: now + waitStep };
    },

    release: async (organisationId, { startsAt, epoch }, tokens) => {
      const change = {
        UpdateExpression: 'SET used.#window = used.#window - :tokens',
        ConditionExpression: 'used.#window >= :tokens AND epoch = :epoch',
        ExpressionAttributeNames: { '#window': String(startsAt) },
        ExpressionAttributeValues: { ':tokens': tokens, ':epoch': epoch },
      };
      await update(organisationId, change, once);
    },

    learn: async (organisationId, reservation, lesson, now) => {
      const ledger = ledgers.lastSeen(organisationId);
      if (lesson.circuit === 'open') return circuit.open(organisationId, now);
      if (lesson.circuit === 'close') await circuit.close(organisationId);
      if (lesson.rateLimited) {
        const resetAt = lesson.rate && credibleReset(lesson.rate, now, clockSkew);
        await block(organisationId, Math.max(resetAt ?? reservation.endsAt, now + waitStep));
      }
      if (ledger) await correct(organisationId, ledger, reservation, lesson, now);
      const { points, answered } = lesson.failures;
      const isNews = points > 0 || (answered && (ledger?.failures ?? 0) > 0);
      const isAway = isNews && (await circuit.addFailures(organisationId, lesson.failures));
      return isAway ? circuit.open(organisationId, now) : false;
    },
  };
}
