import type { Reservation } from '../chunk/state.ts';
import type { Clock } from '../platform/system.ts';
import { AWAY, FAILED_SHARE, LAST_CALLS, POINTS } from './circuit-breaker.ts';
import { classify, type UpstreamFailure } from './failures.ts';
import type { BudgetLesson } from './permit.ts';
import type { RateHint } from './rate-limit-headers.ts';

/** Lets calls start one by one, and stops them when there is no more leave, no more time, or no upstream. */
export interface CallGate {
  readonly trial: boolean;
  /** Takes a token for one call; false: no call may start any more. */
  enter(): boolean;
  /** Tells the gate how a call ended; `failure` is null for one that went well. */
  answered(rate: RateHint, failure: UpstreamFailure | null): void;
  /** What the answers so far say of the circuit. */
  readonly circuit: BudgetLesson['circuit'];
  readonly tokensLeft: number;
  readonly callsMade: number;
  lesson(): BudgetLesson;
}

interface GateOptions {
  readonly clock: Clock;
  readonly reservation: Reservation;
  readonly trial: boolean;
  /** No call starts at or after this time, epoch milliseconds. */
  readonly callsEndAt: number;
  /** Called once, at the moment the circuit has to open, so that other workers stop too. */
  readonly onOpen: (lesson: BudgetLesson) => void;
}

export function callGate({ clock, reservation, trial, callsEndAt, onOpen }: GateOptions): CallGate {
  let tokens = trial ? 1 : reservation.tokens;
  let calls = 0;
  let failures = { points: 0, answered: false };
  let recent: boolean[] = [];
  let rate: RateHint | null = null;
  let rateLimited = false;
  let circuit: BudgetLesson['circuit'] = 'leave';

  const open = (): void => {
    if (circuit === 'open') return;
    circuit = 'open';
    onOpen(gate.lesson());
  };

  const gate: CallGate = {
    trial,
    enter: () => {
      if (tokens <= 0 || rateLimited || circuit === 'open' || clock.now() >= callsEndAt) return false;
      tokens -= 1;
      calls += 1;
      return true;
    },
    answered: (hint, failure) => {
      rate = laterHint(rate, hint);
      const verdict = failure && classify(failure);
      if (verdict?.kind === 'rate-limited') rateLimited = true;
      if (verdict?.kind === 'unauthorized') return open();
      const points = POINTS[failure?.sent ?? 'answered'];
      failures =
        points === 0
          ? { points: 0, answered: true }
          : { points: failures.points + points, answered: failures.answered };
      const isServerError = failure?.sent === 'answered' && failure.status >= 500;
      recent = [...recent.slice(1 - LAST_CALLS), isServerError];
      const errors = recent.filter(Boolean).length;
      const isMostlyErrors = recent.length === LAST_CALLS && errors >= LAST_CALLS * FAILED_SHARE;
      const hasTrialFailed = trial && (points > 0 || isServerError);
      if (failures.points >= AWAY || isMostlyErrors || hasTrialFailed) open();
      else if (trial) circuit = 'close';
    },
    get circuit() {
      return circuit;
    },
    get tokensLeft() {
      return tokens;
    },
    get callsMade() {
      return calls;
    },
    lesson: () => ({ rate, rateLimited, circuit, failures }),
  };
  return gate;
}

/** Of two hints the one on the later window; within a window the one with less remaining. */
function laterHint(known: RateHint | null, hint: RateHint): RateHint | null {
  if (hint.resetAt === null && hint.limit === null) return known;
  if (!known || (hint.resetAt ?? 0) > (known.resetAt ?? 0)) return hint;
  const isLower = hint.resetAt === known.resetAt && (hint.remaining ?? 0) < (known.remaining ?? 0);
  return isLower ? hint : known;
}
