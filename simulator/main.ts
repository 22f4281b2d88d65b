import { z } from 'zod';
import { startSimulator } from './server.ts';

const environment = z
  .object({
    SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
    TIME_SCALE: z.coerce.number().positive().default(1),
  })
  .parse(process.env);

const simulator = await startSimulator({ port: environment.SIMULATOR_PORT, timeScale: environment.TIME_SCALE });
console.log(`FinPro simulator on ${simulator.url}, time scale ${environment.TIME_SCALE}. Ctrl-C stops it.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close());
}
