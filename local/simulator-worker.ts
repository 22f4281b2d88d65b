import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { startSimulator } from '#simulator/server.ts';

// The simulator in its own thread, so that it and the local cloud don't wait for each other.
const { url } = await startSimulator(z.object({ port: z.number(), timeScale: z.number() }).parse(workerData));
parentPort?.postMessage(url);
