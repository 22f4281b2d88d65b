import * as z from 'zod';
import { connectChunkWorker } from '../adapters/chunk-worker.ts';
import { stepFunctionsChunkLoop } from '../adapters/step-functions-chunk-loop.ts';
import { startChunkFunction } from './function.ts';

const environment = z.object({ STATE_MACHINE_ARN: z.string() }).parse(process.env);
const worker = connectChunkWorker(process.env);

export const handler = startChunkFunction({
  ...worker,
  loop: stepFunctionsChunkLoop(environment.STATE_MACHINE_ARN, worker.settings.waitStep),
});
