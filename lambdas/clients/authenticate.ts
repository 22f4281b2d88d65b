import { ServiceError } from '../platform/errors.ts';
import type { ApiEvent } from '../platform/http/event.ts';
import type { Client } from './client.ts';
import { type RatePorts, wrongCredentials } from './rate-limit.ts';
import { isSecretOf } from './secret.ts';
import type { ClientStore } from './store.ts';

/** Who is calling. The organisation is part of every key and never comes from a body. */
export interface Caller {
  readonly organisationId: string;
  readonly clientId: string;
}

const HEADERS = ['client_id', 'client_secret', 'appIdentifier', 'organisationId'] as const;

/** Clients are cached this long, so that disabling one works within a minute. */
const CACHE_PERIOD = 60_000;
/** A secret that a cached client doesn't have may be new: the client is read again, at most this often. */
const MIN_REREAD_INTERVAL = 5_000;
/** No client has a longer id. A DynamoDB key has at most 2,048 bytes. */
const MAX_CLIENT_ID_LENGTH = 128;

/** A client as it was read, and when it was last read again because of an unknown secret. */
interface CachedClient {
  readonly client: Client;
  readonly readAt: number;
  readonly rereadAt: number;
}

export interface AuthenticationPorts extends RatePorts {
  readonly clients: ClientStore;
}

export type Authenticate = (event: Pick<ApiEvent, 'headers' | 'sourceIp'>) => Promise<Caller>;

/**
 * Authenticates a call by its four headers (docs/spec/overview.md, "Requests").
 * @throws ServiceError `Unauthorized`, which names the first missing header, or just says that the credentials are
 * invalid; `TooManyRequests` to who has tried wrong ones too often
 */
export function authenticator(ports: AuthenticationPorts): Authenticate {
  const { clients, clock } = ports;
  const countWrong = wrongCredentials(ports);
  const cache = new Map<string, CachedClient>();

  const find = async (clientId: string, secret: string, now: number): Promise<Client | null> => {
    const cached = cache.get(clientId);
    const isFresh = cached !== undefined && now - cached.readAt < CACHE_PERIOD;
    if (isFresh && (isSecretOf(cached.client, secret, now) || now - cached.rereadAt < MIN_REREAD_INTERVAL)) {
      return cached.client;
    }
    if (clientId.length > MAX_CLIENT_ID_LENGTH) return null;
    const client = await clients.find(clientId);
    if (client) cache.set(clientId, { client, readAt: now, rereadAt: isFresh ? now : Number.NEGATIVE_INFINITY });
    else cache.delete(clientId);
    return client;
  };

  return async ({ headers, sourceIp }) => {
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
    if (!isValid) {
      await countWrong(sourceIp);
      throw new ServiceError('unauthorized', 'Unauthorized', 'The credentials are not valid');
    }
    return { organisationId: client.organisationId, clientId };
  };
}
