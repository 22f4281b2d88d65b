import type { Clock } from '../platform/system.ts';
import type { CallOutcomes, Granted } from './budget.ts';
import { type CircuitVerdict, watchCircuit } from './circuit-breaker.ts';
import { classify, type UpstreamFailure } from './failures.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

/** Lets the calls under a permit start one by one, and stops them when there are no more tokens, no more time, or no upstream. */
export interface CallLimiter {
  /** Takes a token for one call; false: no call may start any more. */
  tryAcquire(): boolean;
  /** Records how a call ended; `failure` is null for one that went well. */
  record(headers: RateLimitHeaders, failure: UpstreamFailure | null): void;
  /** What the answers so far say of the circuit. */
  readonly circuit: CircuitVerdict;
  readonly tokensLeft: number;
  readonly callsMade: number;
  readonly outcomes: CallOutcomes;
}

/** @param callsEndAt no call starts at or after this time, epoch milliseconds */
export function callLimiter(
  clock: Clock,
  permit: Pick<Granted, 'reservation' | 'halfOpen'>,
  callsEndAt: number,
): CallLimiter {
  const circuit = watchCircuit(permit.halfOpen);
  let tokensLeft = permit.halfOpen ? 1 : permit.reservation.tokens;
  let callsMade = 0;
  let latest: RateLimitHeaders | null = null;
  let rateLimited = false;
  return {
    tryAcquire: () => {
      if (tokensLeft <= 0 || rateLimited || circuit.verdict === 'open' || clock.now() >= callsEndAt) return false;
      tokensLeft -= 1;
      callsMade += 1;
      return true;
    },
    record: (headers, failure) => {
      latest = laterHeaders(latest, headers);
      if (failure && classify(failure).kind === 'rate-limited') rateLimited = true;
      circuit.record(failure);
    },
    get circuit() {
      return circuit.verdict;
    },
    get tokensLeft() {
      return tokensLeft;
    },
    get callsMade() {
      return callsMade;
    },
    get outcomes() {
      return { headers: latest, rateLimited, circuit: circuit.verdict, failures: circuit.failures };
    },
  };
}

/** Of two answers' headers those of the later window; within a window those with less remaining. */
function laterHeaders(known: RateLimitHeaders | null, headers: RateLimitHeaders): RateLimitHeaders | null {
  if (headers.resetAt === null && headers.limit === null) return known;
  if (!known || (headers.resetAt ?? 0) > (known.resetAt ?? 0)) return headers;
  const isLower = headers.resetAt === known.resetAt && (headers.remaining ?? 0) < (known.remaining ?? 0);
  return isLower ? headers : known;
}
