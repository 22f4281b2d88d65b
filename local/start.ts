import { join } from 'node:path';
import { z } from 'zod';
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { startEnvironment } from './environment.ts';
import { readAssembly } from './template/assembly.ts';

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
  TIME_SCALE: z.coerce.number().positive().default(1),
  /** See `LocalCloudOptions`: shortens the wait for what a killed function has leased. */
  MACHINE_SCALE: z.coerce.number().positive().default(1),
  /** A folder that `npm run synth` has written: the stack is then not synthesized again. */
  ASSEMBLY: z.string().optional(),
  STATE_DIR: z.string().default('.local'),
  EPHEMERAL: z.enum(['0', '1']).default('0'),
});

type Environment = z.infer<typeof environmentSchema>;

async function main(environment: Environment): Promise<void> {
  const { PORT, SIMULATOR_PORT, TIME_SCALE, MACHINE_SCALE, ASSEMBLY, STATE_DIR, EPHEMERAL } = environment;
  const kept = EPHEMERAL === '0';
  const endpointsPath = join(STATE_DIR, 'endpoints.json');
  removeEndpoints(endpointsPath);

  console.log(ASSEMBLY === undefined ? 'Synthesizing the stack and starting it …' : 'Starting the stack …');
  const product = await startEnvironment({
    ...(kept ? { stateDir: STATE_DIR } : {}),
    ...(ASSEMBLY === undefined ? {} : { assembly: readAssembly(ASSEMBLY) }),
    timeScale: TIME_SCALE,
    machineScale: MACHINE_SCALE,
    apiPort: PORT,
    simulatorPort: SIMULATOR_PORT,
  });
  writeEndpoints(endpointsPath, product.endpoints);
  const shown = { time: TIME_SCALE, state: kept ? STATE_DIR : 'not kept', ownSimulator: product.simulator.own };
  console.log(greeting(product.endpoints, shown));

  let stopping = false;
  const stop = async (): Promise<void> => {
    // Asked twice, it goes at once.
    if (stopping) process.exit(1);
    stopping = true;
    removeEndpoints(endpointsPath);
    await product.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
}

interface Shown {
  readonly time: number;
  readonly state: string;
  readonly ownSimulator: boolean;
}

function greeting({ api, simulator, local, aws, tenants }: Endpoints, { time, state, ownSimulator }: Shown): string {
  const [tenant] = tenants;
  return `
API          ${api}
Simulator    ${simulator}${ownSimulator ? '' : ' (was running already)'}
AWS calls    ${local} (counted at ${local}/_local/meter)
Region       ${aws['region']}
State        ${state}
Time scale   ${time}

Demo credentials:
${tenants.map((one) => JSON.stringify(one)).join('\n')}

curl -s ${api}/bulk/status \\
  -H 'Content-Type: application/json' \\
  -H 'client_id: ${tenant?.client_id}' -H 'client_secret: ${tenant?.client_secret}' \\
  -H 'organisationId: ${tenant?.organisationId}' -H 'appIdentifier: ${tenant?.appIdentifier}' \\
  -d '{"reference_id":"my-first-batch"}'

Ctrl-C stops it.`;
}

try {
  await main(environmentSchema.parse(process.env));
} catch (error) {
  if (error instanceof z.ZodError) console.error(z.prettifyError(error));
  else console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
