import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { awsClientOptions } from '../platform/aws-client.ts';
import type { FileQueue, StoredFile } from './bucket.ts';

const queuedFile = z.object({
  file: z.object({ key: z.string().min(1), version: z.string(), size: z.number() }),
});

/**
 * The file queue, by organisation: S3 announces files in it without a message group, and between messages without one SQS
 * can't be fair (docs/decisions/0021-files-are-sorted-by-organisation.md).
 */
export const sqsFileQueue = (QueueUrl: string, client = new SQSClient(awsClientOptions())): FileQueue => ({
  send: async (file, organisationId) => {
    const MessageBody = JSON.stringify(queuedFile.parse({ file }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: organisationId }));
  },
});

/** The file that a message of the queue's own is about; null for one of S3. */
export const sortedFileIn = (message: unknown): StoredFile | null => queuedFile.safeParse(message).data?.file ?? null;
