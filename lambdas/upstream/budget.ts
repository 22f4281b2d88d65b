import type { Settings } from '../platform/settings.ts';
import { type CircuitVerdict, circuitBreaker, type FailureRun } from './circuit-breaker.ts';
import type { Ledger, LedgerStore } from './ledger.ts';
import { correctionOf, credibleReset, type RateLimitHeaders, type ToldByAnswer } from './rate-limit-headers.ts';
import { capacityOf, endOf, heldNow, offerWindow, quotaOf, type Reservation, windowAt } from './rate-window.ts';

/** Permission to call the upstream, in the window of the reservation. */
export interface Granted {
  readonly granted: true;
  readonly reservation: Reservation;
  /** One call only, which tries whether an open circuit can close. */
  readonly halfOpen: boolean;
  /** A client's own look-up. That FinPro refuses it says nothing of the calls that batches make. */
  readonly forClient: boolean;
  /** Whether the tokens were taken for this permit, rather than reserved before. */
  readonly taken: boolean;
  /** The ledger when the permit was granted; what the calls show is compared with it. */
  readonly seen: Ledger;
}

/** Permission to call the upstream, or none before `waitUntil` (epoch milliseconds). */
export type Permit = Granted | { readonly granted: false; readonly waitUntil: number };

/** The same for a client's call, or why none is possible before `until` (epoch milliseconds). */
export type ClientPermit =
  | Granted
  | { readonly granted: false; readonly because: 'used-up' | 'circuit-open'; readonly until: number };

/** What the calls under a permit have shown. */
export interface CallOutcomes {
  /** The last rate limit headers; null when none came. */
  readonly headers: RateLimitHeaders | null;
  /** The last of each endpoint. */
  readonly told: readonly ToldByAnswer[];
  /** The upstream answered 429: nothing more goes out in this window. */
  readonly rateLimited: boolean;
  readonly circuit: CircuitVerdict;
  readonly failures: FailureRun;
}

/** Each organisation's upstream budget and circuit, over all its workers. All policy is here; the store only stores. */
export interface Budget {
  /**
   * A permit for at least one and at most `calls` calls in the first window with room. With a reservation `held` that
   * is still usable, the permit is for that one, and nothing more is taken.
   */
  acquire(organisationId: string, calls: number, held: Reservation | null, now: number): Promise<Permit>;
  /** A permit for one client call that starts now, out of what chunks leave free. */
  acquireForClient(organisationId: string, now: number): Promise<ClientPermit>;
  /** Releases unused tokens of a window. */
  release(organisationId: string, reservation: Reservation, tokens: number): Promise<void>;
  /** Corrects the ledger by an answer, at once: other workers must not call in windows that have moved. */
  learn(organisationId: string, permit: Granted, told: ToldByAnswer, now: number): Promise<void>;
  /** Records what the calls under a permit have shown. True when that opened a closed circuit. */
  record(organisationId: string, permit: Granted, outcomes: CallOutcomes, now: number): Promise<boolean>;
}

/** Windows that one write forgets: DynamoDB takes expressions of up to 4 KB. */
const MOST_REMOVED = 50;

/** One answer may name another end, another limit, and calls of others. */
const MOST_CORRECTIONS = 3;

/** Many workers reserve at once, and each lost race means that a window has filled up. */
const TRIES = 25;

export function budgetOf(
  ledgers: LedgerStore,
  settings: Pick<Settings, 'upstream' | 'clockSkew' | 'waitStep'>,
): Budget {
  const { clockSkew, waitStep, upstream } = settings;
  const circuit = circuitBreaker(ledgers, settings);

  /** A permit to try an open circuit, or until when it stays open; null when it is closed. */
  const throughCircuit = async (organisationId: string, seen: Ledger, now: number): Promise<Permit | null> => {
    if (seen.circuitOpenUntil === null) return null;
    const window = windowAt(seen, now);
    const waitUntil = await circuit.tryHalfOpen(organisationId, seen.circuitOpenUntil, window, now);
    if (waitUntil !== null) return { granted: false, waitUntil };
    const endsAt = now + upstream.circuitWait + clockSkew;
    const reservation = { window, startsAt: now - clockSkew, endsAt, tokens: 1, tight: false, epoch: seen.epoch };
    return { granted: true, halfOpen: true, forClient: false, taken: false, reservation, seen };
  };

  /** Takes tokens in each window of `capacities`, up to its capacity; false when another worker was faster. */
  const take = async (
    organisationId: string,
    seen: Ledger,
    tokens: number,
    capacities: ReadonlyMap<number, number>,
    now: number,
  ): Promise<boolean> => {
    const { anchor, epoch, blockedUntil, taken, otherCalls } = seen;
    const known = new Set([...taken.keys(), ...otherCalls.keys()]);
    const gone = [...known].filter((window) => window < windowAt(seen, now) - 1).slice(0, MOST_REMOVED);
    const room = new Map(
      [...capacities].map(([window, capacity]) => {
        const others = otherCalls.get(window) ?? 0;
        return [window, { capacity: capacity - others, others }] as const;
      }),
    );
    const change = { kind: 'take', tokens, room, gone, seen: anchor, epoch, blockedUntil } as const;
    return (await ledgers.apply(organisationId, change)) !== null;
  };

  const learn: Budget['learn'] = async (organisationId, { reservation, seen }, told, now) => {
    const correction = (ledger: Ledger) => correctionOf(ledger, reservation, told, now, clockSkew);
    if (!correction(seen)) return;
    // Others may have learnt it since, and calls of our own workers look like somebody else's.
    let ledger: Ledger | null = await ledgers.read(organisationId);
    for (let tries = 0; ledger && tries < MOST_CORRECTIONS; tries += 1) {
      const change = correction(ledger);
      if (!change) return;
      ledger = await ledgers.apply(organisationId, change);
    }
  };

  return {
    acquire: async (organisationId, calls, held, now) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const seen = await ledgers.read(organisationId);
        const tried = await throughCircuit(organisationId, seen, now);
        if (tried) return tried;
        const usable = held && heldNow(held, seen, now, clockSkew);
        if (usable)
          return { granted: true, halfOpen: false, forClient: false, taken: false, reservation: usable, seen };
        const reservation = offerWindow(seen, calls, now, clockSkew);
        if (!reservation) return { granted: false, waitUntil: now + seen.length };
        const { window, tokens } = reservation;
        const capacity = capacityOf(seen, window > windowAt(seen, now));
        if (await take(organisationId, seen, tokens, new Map([[window, capacity]]), now)) {
          return { granted: true, halfOpen: false, forClient: false, taken: true, reservation, seen };
        }
      }
      return { granted: false, waitUntil: now + waitStep };
    },

    acquireForClient: async (organisationId, now) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const seen = await ledgers.read(organisationId);
        // When it's time to try the circuit, a worker does: by what a client asks about it might never close.
        if (seen.circuitOpenUntil !== null && seen.circuitOpenUntil > now) {
          return { granted: false, because: 'circuit-open', until: seen.circuitOpenUntil };
        }
        const quota = quotaOf(seen, now, clockSkew);
        if (!quota.isFree) return { granted: false, because: 'used-up', until: quota.until };
        const capacities = new Map(quota.windows.map((window) => [window, seen.limit]));
        if (!(await take(organisationId, seen, 1, capacities, now))) continue;
        const window = windowAt(seen, now);
        const [startsAt, endsAt] = [endOf(seen, window - 1), endOf(seen, window)];
        const reservation = { window, startsAt, endsAt, tokens: 1, tight: false, epoch: seen.epoch };
        return { granted: true, halfOpen: false, forClient: true, taken: true, reservation, seen };
      }
      return { granted: false, because: 'used-up', until: now + waitStep };
    },

    release: async (organisationId, { window, epoch }, tokens) => {
      await ledgers.apply(organisationId, { kind: 'release', window, tokens, epoch });
    },

    learn,

    record: async (organisationId, permit, outcomes, now) => {
      const { reservation, seen } = permit;
      if (outcomes.circuit === 'open') return circuit.open(organisationId, now);
      if (outcomes.circuit === 'close') await circuit.close(organisationId, now);
      if (outcomes.rateLimited) {
        const resetAt = outcomes.headers && credibleReset(outcomes.headers, now, clockSkew);
        const until = Math.max(resetAt ?? reservation.endsAt, now + waitStep);
        await ledgers.apply(organisationId, { kind: 'block', until });
      }
      for (const told of outcomes.told) await learn(organisationId, permit, told, now);
      return circuit.count(organisationId, outcomes.failures, seen, now);
    },
  };
}
