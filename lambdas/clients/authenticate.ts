import { ServiceError } from '../platform/errors.ts';
import type { Headers } from '../platform/http/event.ts';
import type { Clock } from '../platform/system.ts';
import type { Client } from './client.ts';
import { isSecretOf } from './secret.ts';
import type { Clients } from './store.ts';

/** Who is calling. The organisation is part of every key and never comes from a body. */
export interface Caller {
  readonly organisationId: string;
  readonly clientId: string;
}

const HEADERS = ['client_id', 'client_secret', 'appIdentifier', 'organisationId'] as const;

/** A client is read again after this, so that disabling one works within a minute. */
const CACHED_FOR = 60_000;
/** A secret that a cached client does not know may be a new one: the client is read again for it, this often at the most. */
const READ_AGAIN_AFTER = 5_000;
/** Longer ids are nobody's; a key has at most 2,048 bytes (DynamoDB, "Constraints"). */
const LONGEST_CLIENT_ID = 128;

/** A client as it was read, and when it was last read because of a secret that it did not know. */
interface KnownClient {
  readonly client: Client;
  readonly readAt: number;
  readonly readAgainAt: number;
}

export type Authenticate = (headers: Headers) => Promise<Caller>;

/**
 * Authenticates a call by its four headers (seeds, "Authentication").
 * @throws ServiceError `Unauthorized`, naming the first missing header, or saying that the credentials are not valid and no more
 */
export function authenticator(clients: Clients, clock: Clock): Authenticate {
  const known = new Map<string, KnownClient>();

  const find = async (clientId: string, secret: string, now: number): Promise<Client | null> => {
    const cached = known.get(clientId);
    const isFresh = cached !== undefined && now - cached.readAt < CACHED_FOR;
    if (isFresh && (isSecretOf(cached.client, secret, now) || now - cached.readAgainAt < READ_AGAIN_AFTER)) {
      return cached.client;
    }
    if (clientId.length > LONGEST_CLIENT_ID) return null;
    const client = await clients.find(clientId);
    if (client) known.set(clientId, { client, readAt: now, readAgainAt: isFresh ? now : Number.NEGATIVE_INFINITY });
    else known.delete(clientId);
    return client;
  };

  return async (headers) => {
    const missing = HEADERS.find((name) => !headers.get(name));
    if (missing) throw new ServiceError('unauthorized', 'Unauthorized', `The header ${missing} is missing`);
    const now = clock.now();
    const clientId = headers.get('client_id') ?? '';
    const secret = headers.get('client_secret') ?? '';
    const client = await find(clientId, secret, now);
    const hasSecret = isSecretOf(client, secret, now);
    const isValid =
      client !== null &&
      hasSecret &&
      !client.disabled &&
      client.organisationId === headers.get('organisationId') &&
      client.appIdentifiers.includes(headers.get('appIdentifier') ?? '');
    if (!isValid) throw new ServiceError('unauthorized', 'Unauthorized', 'The credentials are not valid');
    return { organisationId: client.organisationId, clientId };
  };
}
