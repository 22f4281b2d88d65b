import type { Settings } from '#lambdas/platform/settings.ts';
import { FAILURE_THRESHOLD } from '#lambdas/upstream/circuit-breaker.ts';
import type { Budget, CallOutcomes, Permit } from '#lambdas/upstream/permit.ts';
import { correctionOf, credibleReset } from '#lambdas/upstream/rate-limit-headers.ts';
import { capacityOf, isStillGood, type Ledger, offerWindow, windowAt } from '#lambdas/upstream/rate-window.ts';
import { direct, type RemoteCall } from './remote-call.ts';

/** The budget by the rules of `rate-window.ts` and `rate-lesson.ts`: one ledger an organisation, with its circuit. */
export interface LedgerBudget extends Budget {
  ledgerOf(organisationId: string): Ledger;
}

/** As often as the table's adapter. */
const TRIES = 25;

/**
 * Does what the table's adapter does, in the same reads and conditional writes, each of them a call of its own.
 * @param call how each of them goes
 * @param ledgers what is stored, to share it between several workers' ports
 */
export function ledgerBudget(
  { upstream, clockSkew, waitStep }: Settings,
  call: RemoteCall = direct,
  ledgers: Map<string, Ledger> = new Map(),
): LedgerBudget {
  const { circuitWait } = upstream;
  /** As this worker last saw them, to learn only what is new. */
  const lastSeen = new Map<string, Ledger>();
  const fresh: Ledger = {
    epoch: 0,
    anchor: 0,
    length: upstream.window,
    limit: upstream.limit,
    used: new Map(),
    blockedUntil: 0,
    circuitOpenUntil: null,
    failures: 0,
  };
  const ledgerOf = (organisationId: string): Ledger => ledgers.get(organisationId) ?? fresh;

  /** One conditional write. */
  const update = (
    organisationId: string,
    condition: (stored: Ledger) => boolean,
    changes: (stored: Ledger) => Partial<Ledger>,
    name = 'budget.update',
  ): Promise<boolean> =>
    call(name, () => {
      const stored = ledgerOf(organisationId);
      if (!condition(stored)) return false;
      ledgers.set(organisationId, { ...stored, ...changes(stored) });
      return true;
    });

  const tryCircuit = async (organisationId: string, { epoch }: Ledger, seen: number, now: number): Promise<Permit> => {
    const next = now + circuitWait;
    const isOurs = await update(
      organisationId,
      ({ circuitOpenUntil }) => circuitOpenUntil === seen,
      () => ({ circuitOpenUntil: next }),
    );
    if (!isOurs) return { granted: false, waitUntil: next };
    const reservation = { startsAt: now - clockSkew, endsAt: next + clockSkew, tokens: 1, tight: false, epoch };
    return { granted: true, halfOpen: true, taken: false, reservation };
  };

  const take = async (organisationId: string, ledger: Ledger, calls: number, now: number): Promise<Permit | null> => {
    const reservation = offerWindow(ledger, calls, now, clockSkew);
    if (!reservation) return { granted: false, waitUntil: now + ledger.length };
    const { startsAt, tokens } = reservation;
    const capacity = capacityOf(ledger, startsAt > windowAt(ledger, now));
    const isTaken = await update(
      organisationId,
      ({ used, epoch, blockedUntil }) =>
        (used.get(startsAt) ?? 0) <= capacity - tokens &&
        epoch === ledger.epoch &&
        blockedUntil === ledger.blockedUntil,
      ({ used }) => {
        const recent = [...used].filter(([start]) => start >= windowAt(ledger, now) - ledger.length);
        return { used: new Map([...recent, [startsAt, (used.get(startsAt) ?? 0) + tokens]]) };
      },
    );
    return isTaken ? { granted: true, halfOpen: false, taken: true, reservation } : null;
  };

  /** True when the circuit was closed. */
  const openCircuit = async (organisationId: string, now: number): Promise<boolean> => {
    const until = now + circuitWait;
    const isNew = await update(
      organisationId,
      ({ circuitOpenUntil }) => circuitOpenUntil === null,
      () => ({ circuitOpenUntil: until, failures: 0 }),
    );
    if (isNew) return true;
    await update(
      organisationId,
      ({ circuitOpenUntil }) => circuitOpenUntil !== null && circuitOpenUntil < until,
      () => ({ circuitOpenUntil: until }),
    );
    return false;
  };

  const correct = async (
    organisationId: string,
    ledger: Ledger,
    correction: ReturnType<typeof correctionOf>,
    now: number,
  ): Promise<void> => {
    const isSameEpoch = ({ epoch }: Ledger): boolean => epoch === ledger.epoch;
    switch (correction?.kind) {
      case undefined:
        return;
      case 'used': {
        const { window, tokens } = correction;
        await update(
          organisationId,
          ({ used }) => (used.get(window) ?? tokens) < tokens,
          ({ used }) => ({ used: new Map([...used, [window, tokens]]) }),
        );
        return;
      }
      case 'higher-limit':
        await update(organisationId, isSameEpoch, () => ({ limit: correction.limit }));
        return;
      case 'new-epoch': {
        const { anchor, length, limit } = correction;
        const blockedUntil = windowAt({ ...ledger, anchor, length }, now) + 2 * length;
        await update(organisationId, isSameEpoch, ({ epoch }) => ({
          epoch: epoch + 1,
          anchor,
          length,
          limit,
          used: new Map(),
          blockedUntil,
        }));
      }
    }
  };

  const addFailures = (organisationId: string, { points, answered }: CallOutcomes['failures']): Promise<boolean> =>
    call('budget.update', () => {
      const stored = ledgerOf(organisationId);
      const failures = answered ? points : stored.failures + points;
      ledgers.set(organisationId, { ...stored, failures });
      return failures >= FAILURE_THRESHOLD;
    });

  return {
    ledgerOf,

    reserve: async (organisationId, calls, held, now) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const ledger = await call('budget.read', () => ledgerOf(organisationId));
        lastSeen.set(organisationId, ledger);
        const { circuitOpenUntil } = ledger;
        if (circuitOpenUntil !== null) {
          if (circuitOpenUntil > now) return { granted: false, waitUntil: circuitOpenUntil };
          return tryCircuit(organisationId, ledger, circuitOpenUntil, now);
        }
        if (held && isStillGood(held, ledger, now, clockSkew)) {
          return { granted: true, halfOpen: false, taken: false, reservation: held };
        }
        const leave = await take(organisationId, ledger, calls, now);
        if (leave) return leave;
      }
      return { granted: false, waitUntil: now + waitStep };
    },

    release: async (organisationId, { startsAt, epoch }, tokens) => {
      await update(
        organisationId,
        (stored) => (stored.used.get(startsAt) ?? 0) >= tokens && stored.epoch === epoch,
        ({ used }) => ({ used: new Map([...used, [startsAt, (used.get(startsAt) ?? 0) - tokens]]) }),
        'budget.release',
      );
    },

    learn: async (organisationId, reservation, { rate, rateLimited, circuit, failures }, now) => {
      const ledger = lastSeen.get(organisationId);
      if (circuit === 'open') return openCircuit(organisationId, now);
      if (circuit === 'close') {
        await update(
          organisationId,
          () => true,
          () => ({ circuitOpenUntil: null }),
        );
      }
      if (rateLimited) {
        const resetAt = rate && credibleReset(rate, now, clockSkew);
        const until = Math.max(resetAt ?? reservation.endsAt, now + waitStep);
        await update(
          organisationId,
          ({ blockedUntil }) => blockedUntil < until,
          () => ({ blockedUntil: until }),
        );
      }
      if (ledger && rate) {
        await correct(organisationId, ledger, correctionOf(ledger, reservation, rate, now, clockSkew), now);
      }
      const isNews = failures.points > 0 || (failures.answered && (ledger?.failures ?? 0) > 0);
      return isNews && (await addFailures(organisationId, failures)) ? openCircuit(organisationId, now) : false;
    },
  };
}
