import { readOptions, readVariables, runCommand, UsageError } from '#cli/command.ts';
import { type BatchLines, followBatches } from './batch-lines.ts';
import { endpointFilesIn, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { greeting } from './greeting.ts';
import { isFree } from './listening.ts';
import { type Onlooker, onlookerOf } from './onlooker.ts';
import { progressOn } from './progress.ts';
import { State } from './state.ts';
import { type Assembly, readAssembly } from './template/assembly.ts';
import { AWS_PORT, LOCAL_VARIABLES, type LocalVariables } from './variables.ts';

const USAGE = `npm start    runs the whole product and a FinPro simulator until Ctrl-C, and prints calls to make

Environment (docs/settings.md):
  PORT, SIMULATOR_PORT, AWS_PORT   ports of 127.0.0.1 (4000, 4001, 4002; 0 takes a free one)
  TIME_SCALE                       what every wait is multiplied by (1; 0.05 is twenty times faster)
  STATE_DIR                        where everything is kept (.local), so that a restart goes on
  EPHEMERAL=1                      keeps nothing
  ASSEMBLY                         a folder that \`npm run synth\` has written, to start faster`;

await runCommand(USAGE, async (args) => {
  readOptions(args, {});
  await start(readVariables(LOCAL_VARIABLES));
  return undefined;
});

async function start(variables: LocalVariables): Promise<void> {
  const { ASSEMBLY, STATE_DIR } = variables;
  const assembly = ASSEMBLY === undefined ? undefined : assemblyIn(ASSEMBLY);
  // Held to the end: before it has the folder to itself, a start touches nothing in it.
  const lock = new State(STATE_DIR, 'lock');
  const files = endpointFilesIn(STATE_DIR);
  removeEndpoints(files);
  // Whoever has read enough, such as `head`, must not stop the product.
  process.stdout.on('error', () => undefined);
  console.log(assembly === undefined ? 'Synthesizing the stack and starting it …' : 'Starting the stack …');
  const product = await startProduct(variables, assembly);
  const stores = onlookerOf(product.cloud);
  writeEndpoints(files, product.endpoints);
  console.log(
    greeting(product.endpoints, {
      timeScale: variables.TIME_SCALE,
      kept: variables.EPHEMERAL === '0' ? STATE_DIR : null,
      ownSimulator: product.simulator.own,
      headerFiles: files.headers,
      referenceId: `hello-${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}`,
    }),
  );
  const lines = await showBatches(product, stores);

  let stopping = false;
  const stop = async (): Promise<void> => {
    // Asked twice, it goes at once.
    if (stopping) process.exit(1);
    stopping = true;
    lines.stop();
    stores.close();
    removeEndpoints(files);
    await product.close();
    lock.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
}

async function startProduct(variables: LocalVariables, assembly: Assembly | undefined): Promise<Environment> {
  const { PORT, SIMULATOR_PORT, TIME_SCALE, MACHINE_SCALE, STATE_DIR, EPHEMERAL } = variables;
  const awsPort = variables.AWS_PORT ?? ((await isFree(AWS_PORT)) ? AWS_PORT : 0);
  try {
    return await startEnvironment({
      ...(EPHEMERAL === '0' ? { stateDir: STATE_DIR } : {}),
      ...(assembly === undefined ? {} : { assembly }),
      timeScale: TIME_SCALE,
      machineScale: MACHINE_SCALE,
      apiPort: PORT,
      awsPort,
      simulatorPort: SIMULATOR_PORT,
    });
  } catch (error) {
    const { code, port } = { code: '', port: -1, ...(error instanceof Error ? error : {}) };
    const setting = Object.entries({ PORT, SIMULATOR_PORT, AWS_PORT: awsPort }).find(([, value]) => value === port);
    if (code !== 'EADDRINUSE' || setting === undefined) throw error;
    const remedy = `Stop what listens there, or set ${setting[0]} to another one (0 takes a free one).`;
    throw new Error(`Port ${port} is taken. ${remedy}`, { cause: error });
  }
}

function assemblyIn(folder: string): Assembly {
  try {
    return readAssembly(folder);
  } catch (error) {
    throw new UsageError(`ASSEMBLY: ${folder} has no synthesized stack. Run \`npm run synth\`, which writes cdk.out`, {
      cause: error,
    });
  }
}

/** Shows a line for each batch that moves, and first what goes on from an earlier run. */
async function showBatches({ cloud, lostLeases }: Environment, stores: Onlooker): Promise<BatchLines> {
  const open = await stores.openBatches.list();
  if (open.length > 0) {
    const leases = lostLeases === 0 ? '' : `; ${lostLeases} chunks were being worked on and go on at once`;
    console.log(`Goes on with ${open.length === 1 ? 'a batch' : `${open.length} batches`} of an earlier run${leases}.`);
  }
  const lines = await followBatches(stores, progressOn(process.stdout));
  cloud.onWrite((item) => lines.wrote(item));
  return lines;
}
