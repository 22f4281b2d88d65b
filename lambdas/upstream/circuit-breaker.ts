import type { Settings } from '../platform/settings.ts';
import { classify, type UpstreamFailure } from './failures.ts';
import type { Ledger, LedgerStore } from './ledger.ts';

/**
 * The circuit of an organisation opens, and its calls stop, when its credentials are refused, when the upstream can't be reached 5 times in a
 * row over all workers, or when half of the last 50 calls of one advance were answered 5xx (docs/decisions/0005-when-the-circuit-opens.md).
 * Everything that opens, tries and closes it is in this file.
 */

/** Weight of the failures in a row at which the circuit opens: 5 connections that failed. */
export const FAILURE_THRESHOLD = 10;

/**
 * What a failure adds, by how far the call got. A call cut after sending counts half a connection failure: some upstreams reset now and
 * then, and an open circuit costs every row a minute.
 */
const FAILURE_WEIGHT = { no: 2, maybe: 1, answered: 0 } as const;

/** Of the last so many calls of an advance, this share answered 5xx opens it, too. */
const RECENT_CALLS = 50;
const FAILED_RATIO = 0.5;

/** What the calls of one advance have shown of the circuit: it has to open, may close after a half-open call, or stays as it is. */
export type CircuitVerdict = 'open' | 'close' | 'keep';

/** Failures to reach the upstream since its last answer; `afterAnswer` when these calls have had one. */
export interface FailureRun {
  readonly weight: number;
  readonly afterAnswer: boolean;
}

/** Watches the calls of one advance. */
export interface CircuitWatch {
  /** Tells how a call ended; `failure` is null for one that went well. */
  record(failure: UpstreamFailure | null): void;
  readonly verdict: CircuitVerdict;
  readonly failures: FailureRun;
}

/** @param halfOpen whether the one call under way tries an open circuit */
export function watchCircuit(halfOpen: boolean): CircuitWatch {
  let failures: FailureRun = { weight: 0, afterAnswer: false };
  let recent: readonly boolean[] = [];
  let verdict: CircuitVerdict = 'keep';

  const verdictAfter = (failure: UpstreamFailure | null): CircuitVerdict => {
    if (failure && classify(failure).kind === 'unauthorized') return 'open';
    const weight = FAILURE_WEIGHT[failure?.sent ?? 'answered'];
    failures =
      weight === 0
        ? { weight: 0, afterAnswer: true }
        : { weight: failures.weight + weight, afterAnswer: failures.afterAnswer };
    const isServerError = failure?.sent === 'answered' && failure.status >= 500;
    recent = [...recent.slice(1 - RECENT_CALLS), isServerError];
    const errors = recent.filter(Boolean).length;
    const areMostlyErrors = recent.length === RECENT_CALLS && errors >= RECENT_CALLS * FAILED_RATIO;
    if (failures.weight >= FAILURE_THRESHOLD || areMostlyErrors) return 'open';
    if (!halfOpen) return 'keep';
    return weight > 0 || isServerError ? 'open' : 'close';
  };

  return {
    record: (failure) => {
      const next = verdictAfter(failure);
      if (verdict !== 'open') verdict = next;
    },
    get verdict() {
      return verdict;
    },
    get failures() {
      return failures;
    },
  };
}

/** The circuit in an organisation's ledger. */
export interface CircuitBreaker {
  /** Until when an open circuit lets nothing out; null when this worker may try it with one call, and no other may. */
  tryHalfOpen(organisationId: string, openUntil: number, now: number): Promise<number | null>;
  /** Opens the circuit, or keeps it open for longer. True when it was closed. */
  open(organisationId: string, now: number): Promise<boolean>;
  close(organisationId: string): Promise<void>;
  /** Adds failures to those of other workers, and opens the circuit when there are too many in a row. True when it was closed. */
  count(organisationId: string, failures: FailureRun, seen: Ledger, now: number): Promise<boolean>;
}

export function circuitBreaker(ledgers: LedgerStore, { upstream }: Pick<Settings, 'upstream'>): CircuitBreaker {
  const until = (now: number): number => now + upstream.circuitWait;

  const open: CircuitBreaker['open'] = async (organisationId, now) => {
    const opened = await ledgers.apply(organisationId, { kind: 'open-circuit', until: until(now) });
    if (opened === null) await ledgers.apply(organisationId, { kind: 'extend-circuit', until: until(now) });
    return opened !== null;
  };

  return {
    open,
    tryHalfOpen: async (organisationId, openUntil, now) => {
      if (openUntil > now) return openUntil;
      // Only one worker tries: the one whose write moves the time of the next try.
      const change = { kind: 'half-open-circuit', seen: openUntil, until: until(now) } as const;
      return (await ledgers.apply(organisationId, change)) === null ? until(now) : null;
    },
    close: async (organisationId) => {
      await ledgers.apply(organisationId, { kind: 'close-circuit' });
    },
    count: async (organisationId, { weight, afterAnswer }, seen, now) => {
      // An answer is news only where failures are counted.
      const isNews = weight > 0 || (afterAnswer && seen.failures > 0);
      if (!isNews) return false;
      const counted = await ledgers.apply(organisationId, { kind: 'count-failures', weight, afterAnswer });
      return counted !== null && counted.failures >= FAILURE_THRESHOLD ? open(organisationId, now) : false;
    },
  };
}
