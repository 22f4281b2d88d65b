import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Budget, CallOutcomes, Granted } from './budget.ts';
import { callStats } from './call-stats.ts';
import { type CircuitVerdict, watchCircuit } from './circuit-breaker.ts';
import { classify, type UpstreamFailure } from './failures.ts';
import type { UpstreamAnswer } from './finpro.ts';
import type { Endpoint } from './ledger.ts';
import { type RateLimitHeaders, type ToldByAnswer, toldEnd } from './rate-limit-headers.ts';

export interface MeteringPorts {
  readonly budget: Pick<Budget, 'learn' | 'record' | 'release'>;
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
  /**
   * Makes a call that a token was taken for.
   * @param isRepeat whether a call for the same row failed before
   */
  make<T>(endpoint: Endpoint, call: () => Promise<UpstreamAnswer<T>>, isRepeat?: boolean): Promise<UpstreamAnswer<T>>;
  readonly circuit: CircuitVerdict;
  /** Records what the calls have shown and releases unused tokens. Call it once, when all calls have ended. */
  finish(): Promise<void>;
}

/**
 * @param callsEndAt no call starts at or after this time, epoch milliseconds
 * @param clockSkew no call starts this long before a window ends, in milliseconds
 */
export function meteredCalls(
  ports: MeteringPorts,
  organisationId: string,
  permit: Granted,
  callsEndAt: number,
  clockSkew: number,
): MeteredCalls {
  const { clock, telemetry } = ports;
  const limiter = callLimiter(clock, permit, callsEndAt, clockSkew);
  const stats = callStats(telemetry);
  let opened: Promise<void> | null = null;
  let learnt: Promise<void> | null = null;
  return {
    tryAcquire: () => limiter.tryAcquire(),
    make: async (endpoint, call, isRepeat = false) => {
      const startedAt = clock.now();
      const answer = await call();
      const failure = answer.ok ? null : answer.failure;
      limiter.record(endpoint, answer.headers, failure, isRepeat);
      stats.record(clock.now() - startedAt, failure);
      // Right away, so that other workers stop, too.
      if (limiter.circuit === 'open') opened ??= record(ports, organisationId, permit, limiter.outcomes);
      if (limiter.movedWindow) learnt ??= learn(ports, organisationId, permit, limiter.movedWindow);
      return answer;
    },
    get circuit() {
      return limiter.circuit;
    },
    finish: async () => {
      await learnt;
      await (opened ?? record(ports, organisationId, permit, limiter.outcomes));
      // Only now: until then the ledger says how many of the tokens taken are ours.
      await releaseUnused(ports, organisationId, permit, limiter.tokensLeft);
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

/** Never throws, as `record`. */
async function learn(
  { budget, clock, telemetry }: MeteringPorts,
  organisationId: string,
  permit: Granted,
  told: ToldByAnswer,
): Promise<void> {
  try {
    await budget.learn(organisationId, permit, told, clock.now());
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
  record(endpoint: Endpoint, headers: RateLimitHeaders, failure: UpstreamFailure | null, isRepeat?: boolean): void;
  /** The first answer that named another end of the window than the ledger had. */
  readonly movedWindow: ToldByAnswer | null;
  /** What the answers so far say of the circuit. */
  readonly circuit: CircuitVerdict;
  readonly tokensLeft: number;
  readonly callsMade: number;
  readonly outcomes: CallOutcomes;
}

/**
 * @param callsEndAt no call starts at or after this time, epoch milliseconds
 * @param clockSkew no call starts this long before a window ends, in milliseconds
 */
export function callLimiter(
  clock: Clock,
  permit: Pick<Granted, 'reservation' | 'halfOpen' | 'forClient' | 'seen'>,
  callsEndAt: number,
  clockSkew: number,
): CallLimiter {
  const circuit = watchCircuit(permit);
  let tokensLeft = permit.halfOpen ? 1 : permit.reservation.tokens;
  let callsMade = 0;
  let latest: RateLimitHeaders | null = null;
  let movedWindow: ToldByAnswer | null = null;
  let endsAt = callsEndAt;
  const toldBy = new Map<Endpoint, ToldByAnswer>();
  let rateLimited = false;
  return {
    tryAcquire: () => {
      if (tokensLeft <= 0 || rateLimited || circuit.verdict === 'open' || clock.now() >= endsAt) return false;
      tokensLeft -= 1;
      callsMade += 1;
      return true;
    },
    record: (endpoint, headers, failure, isRepeat) => {
      latest = laterHeaders(latest, headers);
      const told = toldBy.get(endpoint);
      if (laterHeaders(told?.headers ?? null, headers) === headers)
        toldBy.set(endpoint, { endpoint, headers, callsMade });
      const end = toldEnd(permit.seen, headers, clock.now(), clockSkew);
      if (end) movedWindow ??= { endpoint, headers, callsMade };
      // The window that this worker believed in would go on.
      if (end) endsAt = Math.min(endsAt, end.endsAt - clockSkew);
      if (failure && classify(failure).kind === 'rate-limited') rateLimited = true;
      circuit.record(failure, isRepeat);
    },
    get movedWindow() {
      return movedWindow;
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
      return {
        headers: latest,
        told: [...toldBy.values()],
        rateLimited,
        circuit: circuit.verdict,
        failures: circuit.failures,
      };
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
