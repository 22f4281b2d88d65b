import './environment.ts';
import type { Context } from 'aws-lambda';
import { batchStatusFunction } from '#lambdas/batch/batch-status/handler.ts';
import type { UploadPresigner } from '#lambdas/batch/bucket.ts';
import { createUploadFunction } from '#lambdas/batch/create-upload/handler.ts';
import { type IngestPorts, ingestFileFunction } from '#lambdas/batch/ingest-file/handler.ts';
import { scheduleBatchFunction } from '#lambdas/batch/schedule-batch/handler.ts';
import { uploadBatchFunction } from '#lambdas/batch/upload-batch/handler.ts';
import { advanceChunkFunction } from '#lambdas/chunk/advance-chunk/handler.ts';
import type { RecoveryPorts } from '#lambdas/chunk/recover.ts';
import { recoverBatchesFunction } from '#lambdas/chunk/recover-batches/handler.ts';
import { type StartChunkPorts, startChunkFunction } from '#lambdas/chunk/start-chunk/handler.ts';
import type { ClientStore } from '#lambdas/clients/store.ts';
import type { Ids } from '#lambdas/platform/system.ts';

/** Every port that some function has. */
export interface AllPorts extends StartChunkPorts, RecoveryPorts, IngestPorts {
  readonly clients: ClientStore;
  readonly presigner: UploadPresigner;
  readonly ids: Ids;
}

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The real functions, and their time-outs in milliseconds as in lib/. */
export const FUNCTIONS = {
  'schedule-batch': { timeout: 29_000, make: scheduleBatchFunction },
  'upload-batch': { timeout: 29_000, make: uploadBatchFunction },
  'create-upload': { timeout: 29_000, make: createUploadFunction },
  'batch-status': { timeout: 29_000, make: batchStatusFunction },
  'ingest-file': { timeout: 60_000, make: ingestFileFunction },
  'start-chunk': { timeout: 60_000, make: startChunkFunction },
  'advance-chunk': { timeout: 60_000, make: advanceChunkFunction },
  'recover-batches': { timeout: 60_000, make: recoverBatchesFunction },
} as const satisfies Record<string, { timeout: number; make: (ports: AllPorts) => Handler }>;

export type FunctionName = keyof typeof FUNCTIONS;

/** What Lambda tells a function of its invocation. */
export const contextOf = (functionName: string, awsRequestId: string, remaining: () => number): Context => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName,
  functionVersion: '1',
  invokedFunctionArn: `arn:aws:lambda:ap-south-1:000000000000:function:${functionName}`,
  memoryLimitInMB: '512',
  awsRequestId,
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: remaining,
  done: () => {},
  fail: () => {},
  succeed: () => {},
});
