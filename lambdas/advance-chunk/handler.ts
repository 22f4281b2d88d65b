import { connectChunkWorker } from '../adapters/chunk-worker.ts';
import { advanceChunkFunction } from './function.ts';

export const handler = advanceChunkFunction(connectChunkWorker(process.env));
