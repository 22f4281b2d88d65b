import { createHash } from 'node:crypto';
import { ServiceError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';
import type { Caller } from './authenticate.ts';
import type { CallCounter } from './store.ts';

/** What calls are counted as: a path, several that share a limit, or what costs more than its path. */
export type Counted =
  | 'schedule-batch'
  | 'upload-batch'
  | 'create-upload'
  | 'bulk'
  | 'search'
  | 'fi-request-status'
  | 'not-found';

/** A client's use of its rate limit (docs/spec/overview.md, "Rate limits"). */
export interface ClientRate {
  readonly limit: number;
  readonly remaining: number;
  /** When the next window starts, epoch milliseconds. */
  readonly resetAt: number;
  /** Whether this call exceeds the limit. */
  readonly isOver: boolean;
}

export interface RatePorts {
  readonly calls: CallCounter;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'client'>;
}

/** Windows are fixed, from the epoch on. */
function windowAt(now: number, length: number): { readonly startsAt: number; readonly endsAt: number } {
  const startsAt = now - (now % length);
  return { startsAt, endsAt: startsAt + length };
}

/**
 * What is left of each limit for an organisation's other clients, whatever one of them does: a share of 1. FI Request
 * Status has FinPro's rule, which knows the organisation only.
 */
const LEFT_FOR_OTHERS = 1 / 3;

/** Counts a client's call. Refused calls count, too. */
export async function countClientCall(
  { calls, clock, settings: { client } }: RatePorts,
  { organisationId, clientId }: Caller,
  counted: Counted,
): Promise<ClientRate> {
  const limits: Partial<Record<Counted, number>> = { 'fi-request-status': client.limit, search: client.searchLimit };
  const limit = limits[counted] ?? client.apiLimit;
  const window = windowAt(clock.now(), client.window);
  const { all, own } = await calls.add(`ORG#${organisationId}#${counted}`, clientId, window);
  const forOthers = counted === 'fi-request-status' ? limit : Math.floor(limit * (1 - LEFT_FOR_OTHERS));
  const left = limit - Math.min(all - own, forOthers) - own;
  return { limit, remaining: Math.max(0, left), resetAt: window.endsAt, isOver: left < 0 };
}

/** What a client is told when it exceeds a limit. */
export const tooManyClientCalls = ({ limit, resetAt }: ClientRate, now: number): ServiceError =>
  tooMany(
    `The organisation has used up its ${limit} requests of this window; retry at X-RateLimit-Reset`,
    resetAt - now,
  );

const tooMany = (message: string, retryAfter: number): ServiceError =>
  new ServiceError('too-many', 'TooManyRequests', message, undefined, retryAfter);

/** Addresses over their limit that a container remembers. All are forgotten when they get more. */
const MOST_REMEMBERED = 10_000;

/**
 * Counts wrong credentials, by the address that they came from. By the client's id a stranger could have a client refused
 * by trying wrong secrets; and whoever has the right ones isn't asked. Addresses are hashed: nobody needs to read them.
 * @returns a function that throws ServiceError `TooManyRequests` to who has tried too often
 */
export function wrongCredentials({
  calls,
  clock,
  settings: { client },
}: RatePorts): (address: string) => Promise<void> {
  // Refusing costs no write then.
  const overUntil = new Map<string, number>();
  return async (address) => {
    const now = clock.now();
    const { startsAt, endsAt } = windowAt(now, client.window);
    const hash = createHash('sha256').update(address).digest('base64url').slice(0, 22);
    if ((overUntil.get(hash) ?? 0) <= now) {
      const { all } = await calls.add(`ADDRESS#${hash}`, 'wrong', { startsAt, endsAt });
      if (all <= client.wrongCredentials) return;
      if (overUntil.size >= MOST_REMEMBERED) overUntil.clear();
      overUntil.set(hash, endsAt);
    }
    throw tooMany(
      'Too many wrong credentials came from this address; check them, and wait before you try again',
      endsAt - now,
    );
  };
}
