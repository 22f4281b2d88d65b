import type { Reservation } from '../chunk/state.ts';
import type { Clock } from '../platform/system.ts';
import { FAILED_RATIO, FAILURE_THRESHOLD, FAILURE_WEIGHT, RECENT_CALLS } from './circuit-breaker.ts';
import { classify, type UpstreamFailure } from './failures.ts';
import type { CallOutcomes } from './permit.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

/** Lets calls start one by one, and stops them when there is no more leave, no more time, or no upstream. */
export interface CallLimiter {
  readonly halfOpen: boolean;
  /** Takes a token for one call; false: no call may start any more. */
  tryAcquire(): boolean;
  /** Tells the limiter how a call ended; `failure` is null for one that went well. */
  record(rate: RateLimitHeaders, failure: UpstreamFailure | null): void;
  /** What the answers so far say of the circuit. */
  readonly circuit: CallOutcomes['circuit'];
  readonly tokensLeft: number;
  readonly callsMade: number;
  lesson(): CallOutcomes;
}

interface GateOptions {
  readonly clock: Clock;
  readonly reservation: Reservation;
  readonly halfOpen: boolean;
  /** No call starts at or after this time, epoch milliseconds. */
  readonly callsEndAt: number;
  /** Called once, at the moment the circuit has to open, so that other workers stop too. */
  readonly onOpen: (lesson: CallOutcomes) => void;
}

export function callLimiter({ clock, reservation, halfOpen, callsEndAt, onOpen }: GateOptions): CallLimiter {
  let tokens = halfOpen ? 1 : reservation.tokens;
  let calls = 0;
  let failures = { points: 0, answered: false };
  let recent: boolean[] = [];
  let rate: RateLimitHeaders | null = null;
  let rateLimited = false;
  let circuit: CallOutcomes['circuit'] = 'leave';

  const open = (): void => {
    if (circuit === 'open') return;
    circuit = 'open';
    onOpen(limiter.lesson());
  };

  const limiter: CallLimiter = {
    halfOpen,
    tryAcquire: () => {
      if (tokens <= 0 || rateLimited || circuit === 'open' || clock.now() >= callsEndAt) return false;
      tokens -= 1;
      calls += 1;
      return true;
    },
    record: (hint, failure) => {
      rate = laterHeaders(rate, hint);
      const verdict = failure && classify(failure);
      if (verdict?.kind === 'rate-limited') rateLimited = true;
      if (verdict?.kind === 'unauthorized') return open();
      const points = FAILURE_WEIGHT[failure?.sent ?? 'answered'];
      failures =
        points === 0
          ? { points: 0, answered: true }
          : { points: failures.points + points, answered: failures.answered };
      const isServerError = failure?.sent === 'answered' && failure.status >= 500;
      recent = [...recent.slice(1 - RECENT_CALLS), isServerError];
      const errors = recent.filter(Boolean).length;
      const isMostlyErrors = recent.length === RECENT_CALLS && errors >= RECENT_CALLS * FAILED_RATIO;
      const hasTrialFailed = halfOpen && (points > 0 || isServerError);
      if (failures.points >= FAILURE_THRESHOLD || isMostlyErrors || hasTrialFailed) open();
      else if (halfOpen) circuit = 'close';
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
  return limiter;
}

/** Of two hints the one on the later window; within a window the one with less remaining. */
function laterHeaders(known: RateLimitHeaders | null, hint: RateLimitHeaders): RateLimitHeaders | null {
  if (hint.resetAt === null && hint.limit === null) return known;
  if (!known || (hint.resetAt ?? 0) > (known.resetAt ?? 0)) return hint;
  const isLower = hint.resetAt === known.resetAt && (hint.remaining ?? 0) < (known.remaining ?? 0);
  return isLower ? hint : known;
}
