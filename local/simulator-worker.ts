import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { startSimulator } from '#simulator/server.ts';

// The simulator in a thread of its own, so that the local cloud's work and its own do not wait for each other.
const { url } = await startSimulator(z.object({ port: z.number(), timeScale: z.number() }).parse(workerData));
parentPort?.postMessage(url);
