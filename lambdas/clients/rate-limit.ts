import { ServiceError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';
import type { ClientCallCounter } from './store.ts';

/** An organisation's use of its rate limit (docs/spec/fi-request-status.md, "Rate limit"). */
export interface ClientRate {
  readonly limit: number;
  readonly remaining: number;
  /** When the next window starts, epoch milliseconds. */
  readonly resetAt: number;
  /** Whether this call exceeds the limit. */
  readonly isOver: boolean;
}

export interface ClientRatePorts {
  readonly clientCalls: ClientCallCounter;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'client'>;
}

/** Counts a client's call, in fixed windows since the epoch. Refused calls count, too. */
export async function countClientCall(
  { clientCalls, clock, settings }: ClientRatePorts,
  organisationId: string,
): Promise<ClientRate> {
  const { limit, window } = settings.client;
  const now = clock.now();
  const startsAt = now - (now % window);
  const endsAt = startsAt + window;
  const calls = await clientCalls.add(organisationId, { startsAt, endsAt });
  return { limit, remaining: Math.max(0, limit - calls), resetAt: endsAt, isOver: calls > limit };
}

/** What a client is told when its organisation exceeds the limit. */
export const tooManyClientCalls = ({ limit, resetAt }: ClientRate, now: number): ServiceError =>
  new ServiceError(
    'too-many',
    'TooManyRequests',
    `The organisation has used up its ${limit} requests of this window; retry at X-RateLimit-Reset`,
    undefined,
    resetAt - now,
  );
