import { connectChunkWorker } from '../connect.ts';
import { advanceChunkFunction } from './handler.ts';

export const handler = advanceChunkFunction(connectChunkWorker(process.env));
