import * as z from 'zod';
import { connectChunkWorker } from '../connect.ts';
import { stepFunctionsChunkLoop } from '../loop.step-functions.ts';
import { startChunkFunction } from './handler.ts';

const environment = z.object({ STATE_MACHINE_ARN: z.string() }).parse(process.env);
const worker = connectChunkWorker(process.env);

export const handler = startChunkFunction({
  ...worker,
  loop: stepFunctionsChunkLoop(environment.STATE_MACHINE_ARN, worker.settings.waitStep),
});
