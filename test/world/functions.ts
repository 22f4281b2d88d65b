import type { Context } from 'aws-lambda';
import { batchStatusFunction } from '#lambdas/batch/batch-status/handler.ts';
import type { UploadPresigner } from '#lambdas/batch/bucket.ts';
import { createUploadFunction } from '#lambdas/batch/create-upload/handler.ts';
import { ingestFileFunction, type SortPorts } from '#lambdas/batch/ingest-file/handler.ts';
import { scheduleBatchFunction } from '#lambdas/batch/schedule-batch/handler.ts';
import { uploadBatchFunction } from '#lambdas/batch/upload-batch/handler.ts';
import { advanceChunkFunction } from '#lambdas/chunk/advance-chunk/handler.ts';
import type { RecoveryPorts } from '#lambdas/chunk/recover.ts';
import { recoverBatchesFunction } from '#lambdas/chunk/recover-batches/handler.ts';
import { type StartChunkPorts, startChunkFunction } from '#lambdas/chunk/start-chunk/handler.ts';
import type { CallCounter, ClientStore } from '#lambdas/clients/store.ts';
import type { Ids } from '#lambdas/platform/system.ts';
import { FUNCTIONS as TOPOLOGY } from '#lib/topology.ts';

/** Every port that some function has. */
export interface AllPorts extends StartChunkPorts, RecoveryPorts, SortPorts {
  readonly clients: ClientStore;
  readonly calls: CallCounter;
  readonly presigner: UploadPresigner;
  readonly ids: Ids;
}

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The real functions. */
const FUNCTIONS = {
  'schedule-batch': scheduleBatchFunction,
  'upload-batch': uploadBatchFunction,
  'create-upload': createUploadFunction,
  'batch-status': batchStatusFunction,
  'ingest-file': ingestFileFunction,
  'start-chunk': startChunkFunction,
  'advance-chunk': advanceChunkFunction,
  'recover-batches': recoverBatchesFunction,
} as const satisfies Record<string, (ports: AllPorts) => Handler>;

export type FunctionName = keyof typeof FUNCTIONS;

export const handlerOf = (name: FunctionName, ports: AllPorts): Handler => FUNCTIONS[name](ports);

/** In milliseconds. */
export const timeoutOf = (name: FunctionName): number => TOPOLOGY[name].timeout * 1000;

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
