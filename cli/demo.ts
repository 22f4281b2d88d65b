import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useSimulator } from '#local/simulator.ts';
import { synthesize } from '#local/synthesize.ts';
import { simulatorControl } from '#simulator/control-client.ts';
import { runCommand } from './command.ts';
import { DEMO_USAGE, readDemoOptions } from './demo-options.ts';
import { DemoRun } from './demo-run.ts';
import { ProductProcess } from './product-process.ts';

await runCommand(DEMO_USAGE, async (args) => {
  const options = readDemoOptions(args);
  console.log('Starting the product and the FinPro simulator …');
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  // FinPro is in this process: it isn't killed with the product, and has seen all of it.
  const simulator = await useSimulator(0, options.timeScale);
  const product = new ProductProcess(folder, {
    ASSEMBLY: options.assembly ?? (await synthesize(join(folder, 'assembly'))).directory,
    SIMULATOR_PORT: new URL(simulator.url).port,
    TIME_SCALE: String(options.timeScale),
    // What a killed process leaves behind goes with the rest.
    TMPDIR: folder,
    // Only what is kept can be gone on with.
    EPHEMERAL: options.kill ? '0' : '1',
  });
  const cleanUp = async (): Promise<void> => {
    await product.kill();
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  try {
    return await new DemoRun(options, product, simulatorControl(simulator.url)).run();
  } finally {
    await cleanUp();
  }
});
