import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { startSimulator } from '#simulator/server.ts';
import { State } from './state.ts';

// The simulator in its own thread, so that it and the local cloud don't wait for each other.
const { port, timeScale, stateDir } = z
  .object({ port: z.number(), timeScale: z.number(), stateDir: z.string().optional() })
  .parse(workerData);
const state = stateDir === undefined ? undefined : new State(stateDir, 'simulator');
const { url } = await startSimulator({ port, timeScale, state });
parentPort?.postMessage(url);
