import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Batch } from '../../core/domain/batch.ts';
import type { Batches, Clock } from '../../core/ports.ts';
import type { Settings } from '../../core/settings.ts';
import { OPEN_BATCHES } from './dynamodb-open-batches.ts';
import { batchKey } from './keys.ts';
import { epochSeconds, holds, type Table } from './table.ts';

const text = z.string().nullable();
const batchItem = z.object({
  organisationId: z.string(),
  referenceId: z.string(),
  batchId: z.string(),
  total: z.number().int(),
  chunks: z.number().int(),
  chunkRows: z.number().int(),
  fileName: text,
  globalConfig: z.object({ fiDataRangeFrom: text, fiDataRangeTo: text, configId: text }),
  acceptedAt: z.iso.datetime().transform((date) => Date.parse(date)),
  finishedChunks: z.set(z.number().int()).default(new Set()),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  idempotency: z.object({ key: z.string(), content: z.string(), txnid: z.string() }).nullable(),
  expiresAt: z.number(),
});

/** The batches in the table. */
export function dynamoDbBatches({ client, name: TableName }: Table, clock: Clock, settings: Settings): Batches {
  return {
    find: async (organisationId, referenceId) => {
      const Key = batchKey(organisationId, referenceId);
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      if (Item === undefined) return null;
      const { expiresAt, ...batch } = batchItem.parse(Item);
      return expiresAt <= epochSeconds(clock.now()) ? null : batch;
    },

    accept: (batch) =>
      holds(
        client.send(
          new PutCommand({
            TableName,
            Item: toItem(batch, settings),
            // TTL deletes late: an expired item is as good as absent. And the SDK repeats a write whose answer was lost: then it is ours.
            ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now OR batchId = :batchId',
            ExpressionAttributeValues: { ':now': epochSeconds(clock.now()), ':batchId': batch.batchId },
          }),
        ),
      ),

    finishChunk: async (key, at) => {
      const Key = batchKey(key.organisationId, key.referenceId);
      const isSameBatch = 'batchId = :batchId';
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: 'ADD finishedChunks :chunk',
            ConditionExpression: isSameBatch,
            ExpressionAttributeValues: { ':chunk': new Set([key.chunk]), ':batchId': key.batchId },
            ReturnValues: 'ALL_NEW',
          }),
        );
        const batch = batchItem.parse(Attributes);
        if (batch.finishedChunks.size < batch.chunks) return false;
        const before = await client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: 'SET finishedAt = if_not_exists(finishedAt, :at) REMOVE openBatches',
            ConditionExpression: isSameBatch,
            ExpressionAttributeValues: { ':at': new Date(at).toISOString(), ':batchId': key.batchId },
            ReturnValues: 'ALL_OLD',
          }),
        );
        return before.Attributes?.['openBatches'] !== undefined;
      } catch (error) {
        // The batch is gone, or its reference is another's by now: there is nothing to close.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return false;
      }
    },
  };
}

function toItem(batch: Batch, { retention }: Settings): Record<string, unknown> {
  const { finishedChunks: _, acceptedAt, ...attributes } = batch;
  const isOpen = batch.error === null;
  return {
    ...batchKey(batch.organisationId, batch.referenceId),
    ...attributes,
    acceptedAt: new Date(acceptedAt).toISOString(),
    ...(isOpen ? { openBatches: OPEN_BATCHES } : {}),
    expiresAt: epochSeconds(acceptedAt + retention),
  };
}
