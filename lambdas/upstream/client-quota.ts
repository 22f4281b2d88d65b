import type { Settings } from '../platform/settings.ts';
import type { Circuit } from './circuit-breaker.ts';
import { LEDGER_TRIES, type Ledgers } from './ledger.dynamodb.ts';
import type { ClientQuota } from './permit.ts';
import { type Ledger, windowAt } from './rate-window.ts';

/** The windows that a client's call takes a token of, or the time before which none of them has one. */
export type ShareOffer =
  | { readonly isFree: true; readonly windows: readonly number[] }
  | { readonly isFree: false; readonly until: number };

/**
 * Clients' calls may fill a window to its limit: what chunks leave of it is theirs (`design.md`, promise 4). Near the boundary of two windows a call
 * takes a token of both, since the upstream's clock decides in which it counts.
 * @param skew how far clocks may be apart, in milliseconds
 */
export function clientQuotaOf(ledger: Ledger, now: number, skew: number): ShareOffer {
  if (ledger.blockedUntil > now) return { isFree: false, until: ledger.blockedUntil };
  const windows = [...new Set([windowAt(ledger, now - skew), windowAt(ledger, now + skew)])];
  const full = windows.findLast((start) => (ledger.used.get(start) ?? 0) >= ledger.limit);
  return full === undefined
    ? { isFree: true, windows }
    : { isFree: false, until: windowAt(ledger, full + 1.5 * ledger.length) + skew };
}

/** Single calls of clients, out of the same ledger as those of chunks. */
export function dynamoDbClientQuota(
  ledgers: Ledgers,
  circuit: Circuit,
  { clockSkew, waitStep }: Pick<Settings, 'clockSkew' | 'waitStep'>,
): ClientQuota {
  return {
    take: async (organisationId, now) => {
      for (let tries = 0; tries < LEDGER_TRIES; tries += 1) {
        const ledger = await ledgers.read(organisationId);
        const halfOpen = await circuit.halfOpenPermit(organisationId, ledger, now);
        if (halfOpen)
          return halfOpen.granted ? halfOpen : { granted: false, because: 'circuit-open', until: halfOpen.waitUntil };
        const share = clientQuotaOf(ledger, now, clockSkew);
        if (!share.isFree) return { granted: false, because: 'used-up', until: share.until };
        const capacities = new Map(share.windows.map((start) => [start, ledger.limit]));
        if (!(await ledgers.take(organisationId, ledger, 1, capacities, now))) continue;
        const startsAt = windowAt(ledger, now);
        const endsAt = startsAt + ledger.length;
        const reservation = { startsAt, endsAt, tokens: 1, tight: false, epoch: ledger.epoch };
        return { granted: true, halfOpen: false, taken: true, reservation };
      }
      return { granted: false, because: 'used-up', until: now + waitStep };
    },
  };
}
