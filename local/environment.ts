import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
import { describeEndpoints, type Endpoints } from './endpoints.ts';
import { endLostLeases, endLostReads } from './lost-leases.ts';
import { onlookerOf } from './onlooker.ts';
import { type UsedSimulator, useSimulator } from './simulator.ts';
import { demoTenants, seedTenants, type Tenant } from './tenants.ts';

export interface EnvironmentOptions
  extends Pick<LocalCloudOptions, 'assembly' | 'machineScale' | 'stateDir' | 'limits' | 'environment'> {
  readonly timeScale: number;
  /** 0, as without a value, takes a free port. */
  readonly apiPort?: number;
  readonly awsPort?: number;
  /** A simulator that answers there is used; otherwise one is started. */
  readonly simulatorPort?: number;
}

/** The whole product on this machine: the local cloud with the stack in it, the FinPro simulator, and two organisations. */
export interface Environment {
  readonly cloud: LocalCloud;
  readonly simulator: UsedSimulator;
  readonly tenants: readonly Tenant[];
  readonly endpoints: Endpoints;
  /** How many leases of dead workers were ended at the start. */
  readonly lostLeases: number;
  close(): Promise<void>;
}

/** Starts the product with its surroundings. Rejects, with everything stopped again, when a part cannot be started. */
export async function startEnvironment({
  timeScale,
  apiPort = 0,
  awsPort = 0,
  simulatorPort = 0,
  environment = {},
  ...options
}: EnvironmentOptions): Promise<Environment> {
  const simulator = await useSimulator(simulatorPort, timeScale, options.stateDir);
  let lostLeases = 0;
  try {
    const cloud = await startLocalCloud({
      ...options,
      timeScale,
      ports: { api: apiPort, aws: awsPort },
      environment: { ...environment, FINPRO_BASE_URL: simulator.url },
      prepare: async (prepared) => {
        const stores = onlookerOf(prepared);
        lostLeases = await endLostLeases(stores, Date.now());
        await endLostReads(stores.batches, prepared.interrupted, Date.now());
        stores.close();
      },
    });
    const tenants = demoTenants(cloud.state);
    await seedTenants(tenants, cloud);
    return {
      cloud,
      simulator,
      tenants,
      endpoints: describeEndpoints(cloud, simulator.url, tenants),
      lostLeases,
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
