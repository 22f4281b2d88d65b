import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { generateSecret } from '#lambdas/clients/secret.ts';
import type { LocalCloud } from './cloud.ts';

const tenantSchema = z.object({
  organisationId: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  appIdentifier: z.string(),
  /** What the upstream knows the organisation by. */
  upstream: z.object({ client_id: z.string(), client_secret: z.string(), appIdentifier: z.string() }),
});

/** An organisation of the demo, with its credentials at this service and those of this service at the upstream. */
export type Tenant = z.infer<typeof tenantSchema>;

const ORGANISATIONS = ['demo-lender', 'demo-wealth'];

const generate = (organisationId: string): Tenant => ({
  organisationId,
  client_id: `${organisationId}-${randomBytes(4).toString('hex')}`,
  client_secret: generateSecret(),
  appIdentifier: `${organisationId}-app`,
  upstream: {
    client_id: `upstream-${organisationId}-${randomBytes(4).toString('hex')}`,
    client_secret: generateSecret(),
    appIdentifier: randomUUID(),
  },
});

/** The two demo tenants: those kept in `path`, or generated and, with a path, kept there for the next start. */
export function demoTenants(path: string | undefined): Tenant[] {
  if (path !== undefined && existsSync(path)) {
    return z.array(tenantSchema).parse(JSON.parse(readFileSync(path, 'utf8')));
  }
  const tenants = ORGANISATIONS.map(generate);
  if (path !== undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(tenants, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return tenants;
}

/** Makes a tenant's credentials ones that the API accepts. */
export type StoreClient = (tenant: Tenant, cloud: LocalCloud) => Promise<void>;

/**
 * Makes the tenants known to a local cloud: their clients by `storeClient`, and a secret each with the credentials of this service at
 * the upstream, under the name that the functions look for. Doing it again changes nothing.
 */
export async function seedTenants(
  tenants: readonly Tenant[],
  cloud: LocalCloud,
  storeClient: StoreClient,
): Promise<void> {
  const prefix = cloud.environmentOf('UPSTREAM_SECRET_PREFIX');
  for (const tenant of tenants) {
    await storeClient(tenant, cloud);
    if (prefix === undefined) continue;
    const { organisationId, upstream } = tenant;
    cloud.secrets.ensure(`${prefix}${organisationId}`, JSON.stringify({ ...upstream, organisationId }));
  }
}
