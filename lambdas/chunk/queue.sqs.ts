import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { awsClientOptions } from '../platform/aws-client.ts';
import { allSettled } from '../platform/settled.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { ChunkTask } from './chunk.ts';
import type { ChunkQueue } from './store.ts';

/** SendMessageBatch takes 10 messages (Amazon SQS API reference). */
export const MESSAGES_PER_CALL = 10;

const chunkTask = z.object({
  organisationId: z.string().min(1),
  referenceId: z.string().min(1),
  batchId: z.string().min(1),
  chunk: z.number().int().nonnegative(),
  generation: z.number().int().positive(),
});

/** Parses the body of a chunk message, or the state machine's input, which has the same fields. */
export const parseChunkTask = (value: unknown): ChunkTask => chunkTask.parse(value);

/** The chunk queue. The organisation is the message group, between which SQS is fair ("fair queues"). */
export function sqsChunkQueue(
  queueUrl: string,
  telemetry: Pick<Telemetry, 'warn'>,
  client = new SQSClient(awsClientOptions()),
): ChunkQueue {
  /** The batch is accepted even if its messages can't be sent: recovery finds the chunks. */
  const unsent = (tasks: readonly ChunkTask[], error: string): readonly ChunkTask[] => {
    const [first] = tasks;
    if (first) telemetry.warn('could not queue chunks', { batchId: first.batchId, chunk: first.chunk, error });
    return tasks;
  };
  const sendSome = async (tasks: readonly ChunkTask[]): Promise<readonly ChunkTask[]> => {
    try {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: tasks.map((task, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify(chunkTask.parse(task)),
            MessageGroupId: task.organisationId,
          })),
        }),
      );
      const [why] = Failed;
      if (!why) return [];
      const failed = new Set(Failed.map(({ Id }) => Id));
      return unsent(
        tasks.filter((_, index) => failed.has(String(index))),
        `${why.Code}: ${why.Message}`,
      );
    } catch (error) {
      return unsent(tasks, String(error));
    }
  };
  return {
    send: async (tasks) => {
      const calls = Array.from({ length: Math.ceil(tasks.length / MESSAGES_PER_CALL) }, (_, call) =>
        tasks.slice(call * MESSAGES_PER_CALL, (call + 1) * MESSAGES_PER_CALL),
      );
      return (await allSettled(calls.map(sendSome))).flat();
    },
  };
}
