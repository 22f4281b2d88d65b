import { ConflictError, invalidRequest, ServiceError } from '../platform/errors.ts';
import type { Clock, Ids } from '../platform/system.ts';
import { APP_IDENTIFIER, ORGANISATION_ID, type RegisteredClient, validSecrets } from './client.ts';
import type { ClientRegistry, ClientSecrets } from './store.ts';

export interface ClientPorts {
  readonly clients: ClientRegistry;
  readonly secrets: ClientSecrets;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A client with its new secret, which can't be read again. */
export interface IssuedClient {
  readonly client: RegisteredClient;
  readonly secret: string;
  /** When the previous secret ends; null when none is valid any more. */
  readonly oldSecretUntil: number | null;
}

/** What may be shown of a client: of its secrets only how many are valid. */
export interface ClientSummary
  extends Pick<
    RegisteredClient,
    'clientId' | 'organisationId' | 'appIdentifiers' | 'disabled' | 'createdAt' | 'rotatedAt'
  > {
  /** 0 for a disabled client. */
  readonly validSecrets: number;
  /** When the old secret of a rotation ends; null when none is under way. */
  readonly oldSecretUntil: number | null;
}

/** While two secrets are valid, a rotation is under way. */
const MAX_SECRETS = 2;
/** Lost races before we give up. */
const TRIES = 3;

/**
 * Creates a client with a new id and secret. Never overwrites another client.
 * @throws ServiceError `InvalidRequest` for an invalid organisation or application identifier
 * @throws ConflictError when the generated id is taken
 */
export async function createClient(
  { clients, secrets, clock, ids }: ClientPorts,
  organisationId: string,
  appIdentifiers: readonly string[],
): Promise<IssuedClient> {
  if (!ORGANISATION_ID.test(organisationId)) throw invalidRequest(`'${organisationId}' is not a valid organisation id`);
  const wrong = appIdentifiers.find((identifier) => !APP_IDENTIFIER.test(identifier));
  if (wrong !== undefined) throw invalidRequest(`'${wrong}' is not a valid application identifier`);
  if (appIdentifiers.length === 0) throw invalidRequest('A client needs at least one application identifier');
  const { secret, stored } = secrets.issue();
  const client: RegisteredClient = {
    clientId: ids.uuid(),
    organisationId,
    appIdentifiers: [...new Set(appIdentifiers)],
    secrets: [stored],
    disabled: false,
    createdAt: clock.now(),
    rotatedAt: null,
    revision: ids.uuid(),
  };
  if (!(await clients.add(client))) throw new ConflictError(`The client id ${client.clientId} is taken; try again`);
  return { client, secret, oldSecretUntil: null };
}

/** The clients of one organisation or of all, by organisation and age. */
export async function listClients(
  { clients, clock }: Pick<ClientPorts, 'clients' | 'clock'>,
  organisationId: string | null,
): Promise<ClientSummary[]> {
  const now = clock.now();
  const listed = (await clients.list()).filter(
    (client) => organisationId === null || client.organisationId === organisationId,
  );
  return listed
    .toSorted(
      (a, b) =>
        compare(a.organisationId, b.organisationId) || a.createdAt - b.createdAt || compare(a.clientId, b.clientId),
    )
    .map((client) => summaryOf(client, now));
}

/**
 * Gives a client a new secret. The previous one stays valid for another `overlap` milliseconds, or until its end if
 * that is earlier; an overlap of 0 ends every old secret at once. While two secrets are valid, only an overlap of 0
 * rotates again, so that an announced end stays true.
 * @throws ServiceError `NotFound`; `ClientDisabled`; `RotationUnderWay` when two secrets are valid already
 * @throws ConflictError when others keep changing the client
 */
export async function rotateClient(ports: ClientPorts, clientId: string, overlap: number): Promise<IssuedClient> {
  const { secret, stored } = ports.secrets.issue();
  const client = await change(ports, clientId, (seen, now) => {
    if (seen.disabled) {
      throw new ServiceError('conflict', 'ClientDisabled', `The client ${clientId} is disabled; create another one`);
    }
    const old = overlap > 0 ? validSecrets(seen, now) : [];
    if (old.length >= MAX_SECRETS) throw rotationUnderWay(clientId, oldEnd(old));
    const ending = old.map((each) => ({ ...each, validUntil: Math.min(each.validUntil ?? Infinity, now + overlap) }));
    return { ...seen, secrets: [...ending, stored], rotatedAt: now };
  });
  return { client, secret, oldSecretUntil: oldEnd(client.secrets) };
}

/**
 * Disables a client for good. Its calls are refused within a minute, when the containers' caches have expired.
 * @returns false when the client was already disabled
 * @throws ServiceError `NotFound`
 * @throws ConflictError when others keep changing the client
 */
export async function disableClient(ports: ClientPorts, clientId: string): Promise<boolean> {
  let changed = false;
  await change(ports, clientId, (seen) => {
    changed = !seen.disabled;
    return changed ? { ...seen, disabled: true } : seen;
  });
  return changed;
}

/** Applies `step` to a client and writes the result if nobody else wrote it meanwhile. */
async function change(
  { clients, clock, ids }: ClientPorts,
  clientId: string,
  step: (seen: RegisteredClient, now: number) => RegisteredClient,
): Promise<RegisteredClient> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await clients.find(clientId);
    if (seen === null) throw new ServiceError('not-found', 'NotFound', `No client ${clientId} exists`);
    const changed = step(seen, clock.now());
    if (changed === seen) return seen;
    const written = { ...changed, revision: ids.uuid() };
    if (await clients.replace(written, seen.revision)) return written;
  }
  throw new ConflictError(`Others are changing the client ${clientId}; check it and try again`);
}

function summaryOf(client: RegisteredClient, now: number): ClientSummary {
  const { clientId, organisationId, appIdentifiers, disabled, createdAt, rotatedAt } = client;
  const valid = disabled ? [] : validSecrets(client, now);
  return {
    clientId,
    organisationId,
    appIdentifiers,
    disabled,
    createdAt,
    rotatedAt,
    validSecrets: valid.length,
    oldSecretUntil: oldEnd(valid),
  };
}

/** The latest end of secrets that have one. */
function oldEnd(secrets: RegisteredClient['secrets']): number | null {
  const ends = secrets.flatMap(({ validUntil }) => (validUntil === null ? [] : [validUntil]));
  return ends.length === 0 ? null : Math.max(...ends);
}

function rotationUnderWay(clientId: string, until: number | null): ServiceError {
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  return new ServiceError(
    'conflict',
    'RotationUnderWay',
    `The client ${clientId} still has an old secret, valid${end}, and can have two at most; ` +
      'rotate after that, or with an overlap of 0, which ends both',
  );
}

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);
