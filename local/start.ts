import { join } from 'node:path';
import { z } from 'zod';
import { startLocalCloud } from './cloud.ts';
import { describeEndpoints, type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { useSimulator } from './simulator.ts';
import { demoTenants, seedTenants } from './tenants.ts';

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
  TIME_SCALE: z.coerce.number().positive().default(1),
  STATE_DIR: z.string().default('.local'),
  EPHEMERAL: z.enum(['0', '1']).default('0'),
});

const environment = environmentSchema.parse(process.env);
const { PORT, SIMULATOR_PORT, TIME_SCALE, STATE_DIR } = environment;
const stateDir = environment.EPHEMERAL === '1' ? {} : { stateDir: STATE_DIR };
const endpointsPath = join(STATE_DIR, 'endpoints.json');
removeEndpoints(endpointsPath);

console.log('Synthesizing the stack and starting it …');
const simulator = await useSimulator(SIMULATOR_PORT, TIME_SCALE);
const cloud = await startLocalCloud({
  ...stateDir,
  timeScale: TIME_SCALE,
  ports: { api: PORT },
  environment: { FINPRO_BASE_URL: simulator.url },
});
const tenants = demoTenants(environment.EPHEMERAL === '1' ? undefined : join(STATE_DIR, 'tenants.json'));
await seedTenants(tenants, cloud, async () => {});
const endpoints = describeEndpoints(cloud, simulator.url, tenants);
writeEndpoints(endpointsPath, endpoints);
console.log(greeting(endpoints));

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    void stop();
  });
}

async function stop(): Promise<void> {
  removeEndpoints(endpointsPath);
  await cloud.close();
  await simulator.close();
  process.exit(0);
}

function greeting({ api, local, aws, tenants: [tenant, ...others] }: Endpoints): string {
  return `
API          ${api}
Simulator    ${simulator.url}${simulator.own ? '' : ' (was running already)'}
AWS calls    ${local} (counted at ${local}/_local/meter)
State        ${environment.EPHEMERAL === '1' ? 'not kept' : STATE_DIR}
Time scale   ${TIME_SCALE}
Region       ${aws['region']}

${[tenant, ...others].map((one) => `${JSON.stringify(one)}`).join('\n')}

curl -s ${api}/bulk/status \\
  -H 'Content-Type: application/json' \\
  -H 'client_id: ${tenant?.client_id}' -H 'client_secret: ${tenant?.client_secret}' \\
  -H 'organisationId: ${tenant?.organisationId}' -H 'appIdentifier: ${tenant?.appIdentifier}' \\
  -d '{"reference_id":"my-first-batch"}'

Ctrl-C stops it.`;
}
