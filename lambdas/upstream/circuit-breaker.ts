import type { Settings } from '../platform/settings.ts';
import { classify, isServerError, type UpstreamFailure } from './failures.ts';
import type { Ledger, LedgerStore } from './ledger.ts';

/**
 * An organisation's circuit opens, and its calls stop, when its batches' credentials are refused, when the upstream can't be
 * reached 5 times in a row over all workers, or when half of the last 50 calls of one advance were answered 5xx or by
 * a gateway (docs/decisions/0005-when-the-circuit-opens.md).
 */

/** The weight of consecutive failures at which the circuit opens: 5 failed connections. */
export const FAILURE_THRESHOLD = 10;

/**
 * A failure's weight, by how far the call got. A call cut after sending counts half: some upstreams reset connections
 * now and then, and an open circuit costs every row a minute.
 */
const FAILURE_WEIGHT = { no: 2, maybe: 1, answered: 0 } as const;

/** The circuit also opens when this share of an advance's last calls was answered 5xx or by a gateway. */
const RECENT_CALLS = 50;
const FAILED_RATIO = 0.5;

/**
 * What the calls of one advance mean for the circuit: open it, close it after a half-open call, or keep it as it is.
 */
export type CircuitVerdict = 'open' | 'close' | 'keep';

/** Consecutive failures to reach the upstream; `afterAnswer` when one of these calls was answered before them. */
export interface FailureRun {
  readonly weight: number;
  readonly afterAnswer: boolean;
}

/** Watches the calls of one advance. */
export interface CircuitWatch {
  /**
   * Records how a call ended; `failure` is null for a success.
   * @param isRepeat whether a call for the same row failed before: another 5xx says nothing new
   */
  record(failure: UpstreamFailure | null, isRepeat?: boolean): void;
  readonly verdict: CircuitVerdict;
  readonly failures: FailureRun;
}

/**
 * @param halfOpen whether the one call tries an open circuit
 * @param forClient whether it's a client's own look-up, whose refusal doesn't count
 */
export function watchCircuit({
  halfOpen,
  forClient,
}: {
  readonly halfOpen: boolean;
  readonly forClient: boolean;
}): CircuitWatch {
  let failures: FailureRun = { weight: 0, afterAnswer: false };
  let recent: readonly boolean[] = [];
  let verdict: CircuitVerdict = 'keep';

  const verdictAfter = (failure: UpstreamFailure | null, isRepeat: boolean): CircuitVerdict => {
    if (failure && !forClient && classify(failure).kind === 'unauthorized') return 'open';
    const weight = FAILURE_WEIGHT[failure?.sent ?? 'answered'];
    failures =
      weight === 0
        ? { weight: 0, afterAnswer: true }
        : { weight: failures.weight + weight, afterAnswer: failures.afterAnswer };
    const isError = failure !== null && isServerError(failure);
    if (!(isError && isRepeat)) recent = [...recent.slice(1 - RECENT_CALLS), isError];
    const errors = recent.filter(Boolean).length;
    const areMostlyErrors = recent.length === RECENT_CALLS && errors >= RECENT_CALLS * FAILED_RATIO;
    if (failures.weight >= FAILURE_THRESHOLD || areMostlyErrors) return 'open';
    if (!halfOpen) return 'keep';
    return weight > 0 || isError ? 'open' : 'close';
  };

  return {
    record: (failure, isRepeat = false) => {
      const next = verdictAfter(failure, isRepeat);
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
  /** Until when an open circuit lets no call through; null when this worker, and no other, may try it with one call,
   * whose token is taken of the window. */
  tryHalfOpen(organisationId: string, openUntil: number, window: number, now: number): Promise<number | null>;
  /** Opens the circuit, or keeps it open for longer. True when it was closed before. */
  open(organisationId: string, now: number): Promise<boolean>;
  close(organisationId: string, now: number): Promise<void>;
  /**
   * Adds to the failures of all workers, and opens the circuit after too many in a row. True when it was closed before.
   */
  count(organisationId: string, failures: FailureRun, seen: Ledger, now: number): Promise<boolean>;
}

export function circuitBreaker(ledgers: LedgerStore, { upstream }: Pick<Settings, 'upstream'>): CircuitBreaker {
  const until = (now: number): number => now + upstream.circuitWait;

  const open: CircuitBreaker['open'] = async (organisationId, now) => {
    const opened = await ledgers.apply(organisationId, {
      kind: 'open-circuit',
      until: until(now),
      by: ledgers.newWriteId(),
    });
    if (opened === null) await ledgers.apply(organisationId, { kind: 'extend-circuit', until: until(now) });
    return opened !== null;
  };

  return {
    open,
    tryHalfOpen: async (organisationId, openUntil, window, now) => {
      if (openUntil > now) return openUntil;
      // Only one worker tries it: the one whose write moves the time of the next half-open call.
      const change = {
        kind: 'half-open-circuit',
        seen: openUntil,
        until: until(now),
        window,
        by: ledgers.newWriteId(),
      } as const;
      return (await ledgers.apply(organisationId, change)) === null ? until(now) : null;
    },
    close: async (organisationId, now) => {
      await ledgers.apply(organisationId, { kind: 'close-circuit', until: until(now) });
    },
    count: async (organisationId, { weight, afterAnswer }, seen, now) => {
      // An answer only matters if failures were counted.
      const changesCount = weight > 0 || (afterAnswer && seen.failures > 0);
      if (!changesCount) return false;
      const counted = await ledgers.apply(organisationId, { kind: 'count-failures', weight, afterAnswer });
      return counted !== null && counted.failures >= FAILURE_THRESHOLD ? open(organisationId, now) : false;
    },
  };
}
