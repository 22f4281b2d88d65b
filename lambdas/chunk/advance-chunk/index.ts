import { connectChunkWorker } from '#lambdas/platform/connect.ts';
import { advanceChunkFunction } from './handler.ts';

export const handler = advanceChunkFunction(connectChunkWorker(process.env));
