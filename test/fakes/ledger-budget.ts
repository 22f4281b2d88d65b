import { AWAY } from '../../lambdas/core/domain/circuit.ts';
import { correctionOf, credibleReset } from '../../lambdas/core/domain/rate-lesson.ts';
import { isStillGood, type Ledger, offerWindow, windowAt } from '../../lambdas/core/domain/rate-window.ts';
import type { Budget, BudgetLesson } from '../../lambdas/core/ports.ts';
import type { Settings } from '../../lambdas/core/settings.ts';

/** The budget by the rules of `rate-window.ts` and `rate-lesson.ts`: one ledger an organisation, with its circuit. */
export interface LedgerBudget extends Budget {
  ledgerOf(organisationId: string): Ledger;
}

/** Does what the table's adapter does, each step at once; what the adapter loses a race for is here always won. */
export function ledgerBudget({ upstream, clockSkew, waitStep }: Settings): LedgerBudget {
  const { circuitWait } = upstream;
  const ledgers = new Map<string, Ledger>();
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
  const change = (organisationId: string, changes: Partial<Ledger>): void => {
    ledgers.set(organisationId, { ...ledgerOf(organisationId), ...changes });
  };

  /** True when the circuit was closed. */
  const openCircuit = (organisationId: string, now: number): boolean => {
    const openUntil = ledgerOf(organisationId).circuitOpenUntil;
    if (openUntil === null) change(organisationId, { failures: 0 });
    change(organisationId, { circuitOpenUntil: Math.max(openUntil ?? 0, now + circuitWait) });
    return openUntil === null;
  };

  const correct = (organisationId: string, correction: ReturnType<typeof correctionOf>, now: number): void => {
    const ledger = ledgerOf(organisationId);
    switch (correction?.kind) {
      case undefined:
        return;
      case 'used': {
        const { window, tokens } = correction;
        if ((ledger.used.get(window) ?? tokens) < tokens) {
          change(organisationId, { used: new Map([...ledger.used, [window, tokens]]) });
        }
        return;
      }
      case 'higher-limit':
        change(organisationId, { limit: correction.limit });
        return;
      case 'new-epoch': {
        const { anchor, length, limit } = correction;
        const blockedUntil = windowAt({ ...ledger, anchor, length }, now) + 2 * length;
        change(organisationId, { epoch: ledger.epoch + 1, anchor, length, limit, used: new Map(), blockedUntil });
      }
    }
  };

  const addFailures = (organisationId: string, { points, answered }: BudgetLesson['failures']): boolean => {
    const failures = answered ? points : ledgerOf(organisationId).failures + points;
    change(organisationId, { failures });
    return failures >= AWAY;
  };

  return {
    ledgerOf,

    reserve: async (organisationId, calls, held, now) => {
      const ledger = ledgerOf(organisationId);
      const { epoch, circuitOpenUntil } = ledger;
      if (circuitOpenUntil !== null) {
        if (circuitOpenUntil > now) return { granted: false, waitUntil: circuitOpenUntil };
        const next = now + circuitWait;
        change(organisationId, { circuitOpenUntil: next });
        const reservation = { startsAt: now - clockSkew, endsAt: next + clockSkew, tokens: 1, tight: false, epoch };
        return { granted: true, trial: true, taken: false, reservation };
      }
      if (held && isStillGood(held, ledger, now, clockSkew)) {
        return { granted: true, trial: false, taken: false, reservation: held };
      }
      const reservation = offerWindow(ledger, calls, now, clockSkew);
      if (!reservation) return { granted: false, waitUntil: now + ledger.length };
      const taken = (ledger.used.get(reservation.startsAt) ?? 0) + reservation.tokens;
      const recent = [...ledger.used].filter(([start]) => start >= windowAt(ledger, now) - ledger.length);
      change(organisationId, { used: new Map([...recent, [reservation.startsAt, taken]]) });
      return { granted: true, trial: false, taken: true, reservation };
    },

    giveBack: async (organisationId, { startsAt, epoch }, tokens) => {
      const ledger = ledgerOf(organisationId);
      const taken = ledger.used.get(startsAt);
      if (taken === undefined || taken < tokens || epoch !== ledger.epoch) return;
      change(organisationId, { used: new Map([...ledger.used, [startsAt, taken - tokens]]) });
    },

    learn: async (organisationId, reservation, { rate, rateLimited, circuit, failures }, now) => {
      if (circuit === 'open') return openCircuit(organisationId, now);
      if (circuit === 'close') change(organisationId, { circuitOpenUntil: null });
      if (rateLimited) {
        const resetAt = rate && credibleReset(rate, now, clockSkew);
        const until = Math.max(resetAt ?? reservation.endsAt, now + waitStep);
        change(organisationId, { blockedUntil: Math.max(ledgerOf(organisationId).blockedUntil, until) });
      }
      const ledger = ledgerOf(organisationId);
      if (rate) correct(organisationId, correctionOf(ledger, reservation, rate, now, clockSkew), now);
      const isNews = failures.points > 0 || (failures.answered && ledger.failures > 0);
      return isNews && addFailures(organisationId, failures) ? openCircuit(organisationId, now) : false;
    },
  };
}
