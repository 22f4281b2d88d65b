import { ConflictError, invalidRequest, ServiceError } from '../platform/errors.ts';
import type { Clock, Ids } from '../platform/system.ts';
import { APP_IDENTIFIER, ORGANISATION_ID, type RegisteredClient, validSecrets } from './client.ts';
import type { ClientRegister, ClientSecrets } from './store.ts';

export interface ClientPorts {
  readonly clients: ClientRegister;
  readonly secrets: ClientSecrets;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A client with its new secret, which nobody can read again. */
export interface IssuedClient {
  readonly client: RegisteredClient;
  readonly secret: string;
  /** When the secret before it ends; null when there is none, or it ends at once. */
  readonly oldSecretUntil: number | null;
}

/** What may be shown of a client: nothing of its secrets but how many are valid. */
export interface ClientSummary
  extends Pick<
    RegisteredClient,
    'clientId' | 'organisationId' | 'appIdentifiers' | 'disabled' | 'createdAt' | 'rotatedAt'
  > {
  /** Of a disabled client none is. */
  readonly validSecrets: number;
  /** When the old secret of a rotation ends; null when none is under way. */
  readonly oldSecretUntil: number | null;
}

/** While two secrets are valid, a rotation is under way. */
const MOST_SECRETS = 2;
/** Races lost before somebody is told. */
const TRIES = 3;

/**
 * Makes a client with an id and a secret of its own, under which nothing is overwritten.
 * @throws ServiceError `InvalidRequest` for an organisation or an application identifier that cannot be one
 * @throws ConflictError when the generated id is taken
 */
export async function createClient(
  { clients, secrets, clock, ids }: ClientPorts,
  organisationId: string,
  appIdentifiers: readonly string[],
): Promise<IssuedClient> {
  if (!ORGANISATION_ID.test(organisationId)) throw invalidRequest(`'${organisationId}' cannot be an organisation's id`);
  const wrong = appIdentifiers.find((identifier) => !APP_IDENTIFIER.test(identifier));
  if (wrong !== undefined) throw invalidRequest(`'${wrong}' cannot be an application identifier`);
  if (appIdentifiers.length === 0) throw invalidRequest('A client needs an application identifier');
  const { secret, kept } = secrets.issue();
  const client: RegisteredClient = {
    clientId: ids.uuid(),
    organisationId,
    appIdentifiers: [...new Set(appIdentifiers)],
    secrets: [kept],
    disabled: false,
    createdAt: clock.now(),
    rotatedAt: null,
    revision: ids.uuid(),
  };
  if (!(await clients.add(client))) throw new ConflictError(`The client id ${client.clientId} is taken: try again`);
  return { client, secret, oldSecretUntil: null };
}

/** The clients, of one organisation or of all, by organisation and then by age. */
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
 * Gives a client a new secret. The one before stays valid for `overlap` milliseconds more, or as long as it had left where that is less; with
 * 0, every old one is refused at once. A time that was stated is kept: while an old secret still has some left, only an overlap of 0 rotates again.
 * @throws ServiceError `NotFound`; `ClientDisabled`; `RotationUnderWay` when two secrets are valid already
 * @throws ConflictError when others keep changing the client
 */
export async function rotateClient(ports: ClientPorts, clientId: string, overlap: number): Promise<IssuedClient> {
  const { secret, kept } = ports.secrets.issue();
  const client = await change(ports, clientId, (seen, now) => {
    if (seen.disabled) {
      throw new ServiceError('conflict', 'ClientDisabled', `The client ${clientId} is disabled: create another`);
    }
    const old = overlap > 0 ? validSecrets(seen, now) : [];
    if (old.length >= MOST_SECRETS) throw rotationUnderWay(clientId, oldEnd(old));
    const ending = old.map((each) => ({ ...each, validUntil: Math.min(each.validUntil ?? Infinity, now + overlap) }));
    return { ...seen, secrets: [...ending, kept], rotatedAt: now };
  });
  return { client, secret, oldSecretUntil: oldEnd(client.secrets) };
}

/**
 * Disables a client for good: with the containers' cache, its calls are refused within a minute. Doing it again changes nothing.
 * @returns false when the client was disabled already
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

/** Writes what `step` makes of a client under the condition that nobody has written since it was read. */
async function change(
  { clients, clock, ids }: ClientPorts,
  clientId: string,
  step: (seen: RegisteredClient, now: number) => RegisteredClient,
): Promise<RegisteredClient> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await clients.find(clientId);
    if (seen === null) throw new ServiceError('not-found', 'NotFound', `There is no client ${clientId}`);
    const changed = step(seen, clock.now());
    if (changed === seen) return seen;
    const written = { ...changed, revision: ids.uuid() };
    if (await clients.replace(written, seen.revision)) return written;
  }
  throw new ConflictError(`Others are changing the client ${clientId}: look at it, and try again`);
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

/** The last end among secrets; those without one do not count. */
function oldEnd(secrets: RegisteredClient['secrets']): number | null {
  const ends = secrets.flatMap(({ validUntil }) => (validUntil === null ? [] : [validUntil]));
  return ends.length === 0 ? null : Math.max(...ends);
}

function rotationUnderWay(clientId: string, until: number | null): ServiceError {
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  return new ServiceError(
    'conflict',
    'RotationUnderWay',
    `The client ${clientId} still has an old secret that is valid${end}, and two at a time are the most: ` +
      'rotate again then, or with an overlap of 0, which ends both',
  );
}

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);
