import { join } from 'node:path';
import { z } from 'zod';
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { startEnvironment } from './environment.ts';

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
const product = await startEnvironment({
  ...stateDir,
  timeScale: TIME_SCALE,
  apiPort: PORT,
  simulatorPort: SIMULATOR_PORT,
});
writeEndpoints(endpointsPath, product.endpoints);
console.log(greeting(product.endpoints));

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
  await product.close();
  process.exit(0);
}

function greeting({ api, local, aws, tenants: [tenant, ...others] }: Endpoints): string {
  return `
API          ${api}
Simulator    ${product.simulator.url}${product.simulator.own ? '' : ' (was running already)'}
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
