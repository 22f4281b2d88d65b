import { clientShareOf } from '../../core/domain/client-share.ts';
import { windowAt } from '../../core/domain/rate-window.ts';
import type { ClientShare } from '../../core/ports.ts';
import type { Settings } from '../../core/settings.ts';
import type { Circuit } from './dynamodb-circuit.ts';
import { LEDGER_TRIES, type Ledgers } from './dynamodb-ledger.ts';

/** Single calls of clients, out of the same ledger as those of chunks. */
export function dynamoDbClientShare(
  ledgers: Ledgers,
  circuit: Circuit,
  { clockSkew, waitStep }: Pick<Settings, 'clockSkew' | 'waitStep'>,
): ClientShare {
  return {
    take: async (organisationId, now) => {
      for (let tries = 0; tries < LEDGER_TRIES; tries += 1) {
        const ledger = await ledgers.read(organisationId);
        const trial = await circuit.leaveToTry(organisationId, ledger, now);
        if (trial) return trial.granted ? trial : { granted: false, because: 'circuit-open', until: trial.waitUntil };
        const share = clientShareOf(ledger, now, clockSkew);
        if (!share.isFree) return { granted: false, because: 'used-up', until: share.until };
        const capacities = new Map(share.windows.map((start) => [start, ledger.limit]));
        if (!(await ledgers.take(organisationId, ledger, 1, capacities, now))) continue;
        const startsAt = windowAt(ledger, now);
        const endsAt = startsAt + ledger.length;
        const reservation = { startsAt, endsAt, tokens: 1, tight: false, epoch: ledger.epoch };
        return { granted: true, trial: false, taken: true, reservation };
      }
      return { granted: false, because: 'used-up', until: now + waitStep };
    },
  };
}
