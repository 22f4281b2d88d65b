import { allSettled } from '../platform/settled.ts';
import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Budget, CallOutcomes, Granted } from './budget.ts';
import { type CircuitVerdict, watchCircuit } from './circuit-breaker.ts';
import { classify, type UpstreamFailure, upstreamErrorOf } from './failures.ts';
import type { UpstreamAnswer } from './finpro.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

export interface MeteringPorts {
  readonly budget: Pick<Budget, 'record' | 'release'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Upstream calls under one permit. Each takes a token, is timed and counted, and what it shows goes to the
 * organisation's ledger.
 */
export interface MeteredCalls {
  /** Takes a token for one call; false: no more calls may start. */
  tryAcquire(): boolean;
  /** Makes a call that a token was taken for. */
  make<T>(call: () => Promise<UpstreamAnswer<T>>): Promise<UpstreamAnswer<T>>;
  readonly circuit: CircuitVerdict;
  /** Records what the calls have shown and releases unused tokens. Call it once, when all calls have ended. */
  finish(): Promise<void>;
}

/** @param callsEndAt no call starts at or after this time, epoch milliseconds */
export function meteredCalls(
  ports: MeteringPorts,
  organisationId: string,
  permit: Granted,
  callsEndAt: number,
): MeteredCalls {
  const { clock, telemetry } = ports;
  const limiter = callLimiter(clock, permit, callsEndAt);
  const stats = callStats(telemetry);
  const recordings: Promise<void>[] = [];
  return {
    tryAcquire: () => limiter.tryAcquire(),
    make: async (call) => {
      const startedAt = clock.now();
      const answer = await call();
      const failure = answer.ok ? null : answer.failure;
      limiter.record(answer.headers, failure);
      stats.record(clock.now() - startedAt, failure);
      // Right away, so that other workers stop, too.
      if (limiter.circuit === 'open' && recordings.length === 0) {
        recordings.push(record(ports, organisationId, permit, limiter.outcomes));
      }
      return answer;
    },
    get circuit() {
      return limiter.circuit;
    },
    finish: async () => {
      if (limiter.circuit !== 'open') recordings.push(record(ports, organisationId, permit, limiter.outcomes));
      await allSettled([...recordings, releaseUnused(ports, organisationId, permit, limiter.tokensLeft)]);
      telemetry.count('UpstreamCall', limiter.callsMade);
      stats.report(permit.halfOpen, limiter.outcomes.headers);
    },
  };
}

/** Never throws: what calls have shown is worth recording, but no result may be lost over it. */
async function record(
  { budget, clock, telemetry }: MeteringPorts,
  organisationId: string,
  permit: Granted,
  outcomes: CallOutcomes,
): Promise<void> {
  if (outcomes.rateLimited) telemetry.count('UpstreamRateLimited');
  try {
    if (!(await budget.record(organisationId, permit, outcomes, clock.now()))) return;
    telemetry.count('CircuitOpened');
    telemetry.warn('circuit opened', { organisationId });
  } catch (error) {
    telemetry.warn('could not update the budget', { organisationId, error: String(error) });
  }
}

/** Releasing tokens costs a write, so fewer than this share of a reservation stay unused. */
const WORTH_RELEASING = 0.1;

/** Releases unused tokens if they're worth a write. Never throws: tokens that aren't released just stay unused. */
export async function releaseUnused(
  { budget, telemetry }: Omit<MeteringPorts, 'clock'>,
  organisationId: string,
  { reservation }: Pick<Granted, 'reservation'>,
  tokens: number,
): Promise<void> {
  if (tokens < reservation.tokens * WORTH_RELEASING) return;
  try {
    await budget.release(organisationId, reservation, tokens);
  } catch (error) {
    telemetry.warn('could not release unused tokens', { organisationId, error: String(error) });
  }
}

/** Starts the calls under a permit one by one, and stops when tokens, time or the upstream run out. */
export interface CallLimiter {
  /** Takes a token for one call; false: no more calls may start. */
  tryAcquire(): boolean;
  /** Records how a call ended; `failure` is null for a success. */
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

/** How the upstream calls of one invocation went, reported together. */
export interface CallStats {
  /** Records a call that took so many milliseconds; `failure` is null for a success. */
  record(milliseconds: number, failure: UpstreamFailure | null): void;
  /** Reports everything, and what the last headers say of the budget. Call it once. */
  report(halfOpen: boolean, headers: RateLimitHeaders | null): void;
}

/** Codes come from outside: what doesn't look like one isn't logged. */
const readable = (code: string): string => (/^[A-Za-z][A-Za-z_.-]*$/.test(code) ? code : 'unreadable');

export function callStats(telemetry: Telemetry): CallStats {
  let calls = 0;
  let total = 0;
  let slowest = 0;
  let unclassified: string | null = null;
  return {
    record: (milliseconds, failure) => {
      calls += 1;
      total += milliseconds;
      slowest = Math.max(slowest, milliseconds);
      if (!failure) return;
      telemetry.count(`UpstreamError.${upstreamErrorOf(failure)}`);
      const verdict = classify(failure);
      if (verdict.kind === 'unauthorized') telemetry.count('UpstreamUnauthorized');
      if (verdict.kind === 'not-processed' || verdict.kind === 'answer-lost') telemetry.count('UpstreamFault');
      if (verdict.kind === 'final' && !verdict.classified) unclassified ??= verdict.error.code;
    },
    report: (halfOpen, headers) => {
      if (halfOpen) telemetry.count('CircuitHalfOpen');
      if (calls === 0) return;
      // One line per invocation: whoever adds the rule needs the code, and the other codes are in the rows.
      if (unclassified !== null) {
        telemetry.warn('no rule for an upstream error code', { errorCode: readable(unclassified) });
      }
      telemetry.gauge('UpstreamMilliseconds', total);
      telemetry.gauge('SlowestCallMilliseconds', slowest);
      const { limit, remaining } = headers ?? { limit: null, remaining: null };
      // The upstream's own figure, which includes other users of the same credentials. No headers, no figure.
      if (limit && remaining !== null) telemetry.gauge('BudgetUsedPercent', (100 * (limit - remaining)) / limit);
    },
  };
}
