import { ServiceError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';

/** Where an organisation stands with its rate limit, for the headers of the seeds ("Rate Limiting"). */
export interface ClientRate {
  readonly limit: number;
  readonly remaining: number;
  /** When the next window begins, epoch milliseconds. */
  readonly resetAt: number;
  /** Whether this call is one too many. */
  readonly isOver: boolean;
}

export interface ClientRatePorts {
  readonly clientCalls: ClientCalls;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'client'>;
}

/** Counts a call of one of the organisation's clients, in fixed windows from the epoch on. Every call counts, also one that is refused. */
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

/** What a client is told whose organisation has called too often. */
export const tooManyClientCalls = ({ limit, resetAt }: ClientRate, now: number): ServiceError =>
  new ServiceError(
    'too-many',
    'TooManyRequests',
    `The organisation has used up its ${limit} requests of this time window; repeat the request at X-RateLimit-Reset`,
    undefined,
    resetAt - now,
  );

/** How often an organisation's clients have called, in fixed windows. */
export interface ClientCalls {
  /** Counts a call in the window that begins and ends at these times. How many there are in it now, this one included. */
  add(organisationId: string, window: { readonly startsAt: number; readonly endsAt: number }): Promise<number>;
}
