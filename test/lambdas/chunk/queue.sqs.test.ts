import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { ChunkTask } from '#lambdas/chunk/chunk.ts';
import { toLoopState } from '#lambdas/chunk/loop.step-functions.ts';
import { MESSAGES_PER_CALL, sqsChunkQueue } from '#lambdas/chunk/queue.sqs.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';

const tasks: readonly ChunkTask[] = Array.from({ length: 12 }, (_, chunk) => ({
  organisationId: 'lender',
  referenceId: 'portfolio',
  batchId: 'batch',
  chunk,
  generation: 1,
}));

/** A client whose calls are answered here, one after the other. */
function answering(...answers: readonly (object | Error)[]): SQSClient {
  const client = new SQSClient({ region: 'ap-south-1' });
  const left = [...answers];
  client.middlewareStack.add(
    () => async () => {
      const answer = left.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no more calls were expected');
      return { response: {}, output: { $metadata: {}, ...answer } };
    },
    { step: 'initialize' },
  );
  return client;
}

test('ten messages go in a call, and nothing is noted when all are sent', async () => {
  const telemetry = memoryTelemetry();
  expect(await sqsChunkQueue('url', telemetry, answering({}, {})).send(tasks)).toEqual([]);
  expect(telemetry.notes).toEqual([]);
});

test('what could not be sent is given back, and its cause is noted', async () => {
  const telemetry = memoryTelemetry();
  const partly = { Failed: [{ Id: '3', Code: 'InternalError', Message: 'try again', SenderFault: false }] };
  const queue = sqsChunkQueue('url', telemetry, answering(partly, new Error('socket hang up')));
  expect(await queue.send(tasks)).toEqual([tasks[3], tasks[10], tasks[11]]);
  expect(telemetry.notes).toEqual([
    'could not queue chunks {"batchId":"batch","chunk":3,"error":"InternalError: try again"}',
    'could not queue chunks {"batchId":"batch","chunk":10,"error":"Error: socket hang up"}',
  ]);
});

test('the longest tasks keep far from the limits of SQS and Step Functions', () => {
  const longest: ChunkTask = {
    organisationId: 'o'.repeat(36),
    referenceId: 'r'.repeat(60),
    batchId: 'b'.repeat(36),
    chunk: 9_999,
    generation: 999,
  };
  // 1 MiB for a SendMessageBatch (Amazon SQS API reference; 256 KiB until August 2025, which this keeps to, too).
  expect(MESSAGES_PER_CALL * Buffer.byteLength(JSON.stringify(longest))).toBeLessThan(256 * 1024);
  // 256 KiB for the input of an execution and of a state, 80 characters for its name (AWS Step Functions, "Quotas").
  expect(Buffer.byteLength(JSON.stringify(toLoopState(longest, { done: true }, 0, 1)))).toBeLessThan(256 * 1024);
  expect(`${longest.batchId}-${longest.chunk}-${longest.generation}`.length).toBeLessThanOrEqual(80);
});
