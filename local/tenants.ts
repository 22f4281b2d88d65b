import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { generateSecret, hashSecret } from '#lambdas/clients/secret.ts';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
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

export const DEMO_ORGANISATIONS = ['demo-lender', 'demo-wealth'];

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
  return DEMO_ORGANISATIONS.map((organisation) => {
    const tenant = kept.get(organisation) ?? generate(organisation);
    records.put(organisation, tenant);
    return tenant;
  });
}

/**
 * Makes the tenants known to a local cloud: as clients of the API, and by a secret each with the credentials of this service at the upstream,
 * under the name that the functions look for. Doing it again changes nothing.
 */
export async function seedTenants(tenants: readonly Tenant[], cloud: LocalCloud): Promise<void> {
  const prefix = cloud.environmentOf('UPSTREAM_SECRET_PREFIX');
  const name = cloud.environmentOf('TABLE_NAME');
  if (name === undefined) throw new Error('no function of the stack has a TABLE_NAME');
  const dynamo = new DynamoDBClient(cloud.clientOptions);
  const register = dynamoDbClientRegistry({ client: DynamoDBDocumentClient.from(dynamo), name });
  for (const { organisationId, client_id, client_secret, appIdentifier, upstream } of tenants) {
    // A client that exists stays as it is.
    await register.add({
      clientId: client_id,
      organisationId,
      appIdentifiers: [appIdentifier],
      secrets: [hashSecret(client_secret)],
      disabled: false,
      createdAt: Date.now(),
      rotatedAt: null,
      revision: randomUUID(),
    });
    if (prefix === undefined) continue;
    cloud.secrets.ensure(`${prefix}${organisationId}`, JSON.stringify({ ...upstream, organisationId }));
  }
  dynamo.destroy();
}
