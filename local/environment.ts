import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { hashSecret } from '#lambdas/clients/secret.ts';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
import { describeEndpoints, type Endpoints } from './endpoints.ts';
import { type UsedSimulator, useSimulator } from './simulator.ts';
import { demoTenants, seedTenants, type Tenant } from './tenants.ts';

export interface EnvironmentOptions
  extends Pick<
    LocalCloudOptions,
    'assembly' | 'machineScale' | 'stateDir' | 'limits' | 'containersAs' | 'environment'
  > {
  readonly timeScale: number;
  /** 0, as without a value, takes a free port. */
  readonly apiPort?: number;
  /** A simulator that answers there is used; otherwise one is started. */
  readonly simulatorPort?: number;
}

/** The whole product on this machine: the local cloud with the stack in it, the FinPro simulator, and two organisations. */
export interface Environment {
  readonly cloud: LocalCloud;
  readonly simulator: UsedSimulator;
  readonly tenants: readonly Tenant[];
  readonly endpoints: Endpoints;
  close(): Promise<void>;
}

/** Starts the product with its surroundings. Rejects, with everything stopped again, when a part cannot be started. */
export async function startEnvironment({
  timeScale,
  apiPort = 0,
  simulatorPort = 0,
  environment = {},
  ...options
}: EnvironmentOptions): Promise<Environment> {
  const simulator = await useSimulator(simulatorPort, timeScale);
  try {
    const cloud = await startLocalCloud({
      ...options,
      timeScale,
      ports: { api: apiPort },
      environment: { ...environment, FINPRO_BASE_URL: simulator.url },
    });
    const tenants = demoTenants(options.stateDir === undefined ? undefined : join(options.stateDir, 'tenants.json'));
    await seedTenants(tenants, cloud, storeClient);
    return {
      cloud,
      simulator,
      tenants,
      endpoints: describeEndpoints(cloud, simulator.url, tenants),
      close: async () => {
        await cloud.close();
        await simulator.close();
      },
    };
  } catch (error) {
    await simulator.close();
    throw error;
  }
}

/** Lets a tenant call the API, unless it may already. */
async function storeClient(tenant: Tenant, cloud: LocalCloud): Promise<void> {
  const dynamo = new DynamoDBClient(cloud.clientOptions);
  const name = cloud.environmentOf('TABLE_NAME');
  if (name === undefined) throw new Error('no function of the stack has a TABLE_NAME');
  // Where the client is there already, what has become of it stays.
  await dynamoDbClientRegistry({ client: DynamoDBDocumentClient.from(dynamo), name }).add({
    clientId: tenant.client_id,
    organisationId: tenant.organisationId,
    appIdentifiers: [tenant.appIdentifier],
    secrets: [hashSecret(tenant.client_secret)],
    disabled: false,
    createdAt: Date.now(),
    rotatedAt: null,
    revision: randomUUID(),
  });
  dynamo.destroy();
}
