import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { generateSecret } from '../lambdas/adapters/client-secret.ts';
import type { LocalCloud } from './cloud.ts';
import type { State } from './state.ts';

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

/** The two demo tenants: those kept in the state, or generated and kept there for the next start. */
export function demoTenants(state: State): Tenant[] {
  const records = state.records('tenant', tenantSchema);
  const kept = records.all();
  return ORGANISATIONS.map((organisation) => {
    const tenant = kept.get(organisation) ?? generate(organisation);
    records.put(organisation, tenant);
    return tenant;
  });
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
