import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Budget, CallOutcomes, Granted } from './budget.ts';
import { callLimiter } from './call-limiter.ts';
import { callStats } from './call-stats.ts';
import type { CircuitVerdict } from './circuit-breaker.ts';
import type { UpstreamAnswer } from './finpro.ts';

export interface MeteringPorts {
  readonly budget: Pick<Budget, 'record' | 'release'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Calls of the upstream under one permit. Each takes a token, is timed and counted, and what it shows goes to the organisation's ledger. */
export interface MeteredCalls {
  /** Takes a token for one call; false: no call may start any more. */
  tryAcquire(): boolean;
  /** Makes a call that a token was taken for. */
  make<T>(call: () => Promise<UpstreamAnswer<T>>): Promise<UpstreamAnswer<T>>;
  readonly circuit: CircuitVerdict;
  /** Records what the calls have shown and gives unused tokens back. To be called once, when all have ended. */
  finish(): Promise<void>;
}

/** Giving tokens back costs a write, so a few are left unused. */
const WORTH_RELEASING = 0.1;

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
      // At once, so that other workers stop, too.
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
      await Promise.all([...recordings, releaseUnused(ports, organisationId, permit, limiter.tokensLeft)]);
      telemetry.count('UpstreamCall', limiter.callsMade);
      stats.report(permit.halfOpen, limiter.outcomes.headers);
    },
  };
}

/** What calls have shown is worth recording, but no result is lost for it: never throws. */
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
    telemetry.warn('the circuit is open from here on', { organisationId });
  } catch (error) {
    telemetry.warn('the budget could not be updated', { organisationId, error: String(error) });
  }
}

/** Gives tokens back that were not used, if they are worth a write. Never throws: what isn't given back is only unused. */
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
    telemetry.warn('unused tokens could not be given back', { organisationId, error: String(error) });
  }
}
