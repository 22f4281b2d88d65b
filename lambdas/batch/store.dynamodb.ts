import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochSeconds, ifCondition, type Table } from '../platform/dynamodb.ts';
import { batchKey } from '../platform/keys.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';
import { BATCH_SOURCES, type Batch, isOpenAtFirst } from './batch.ts';
import type { Batches, OpenBatches } from './store.ts';

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
  source: z.enum(BATCH_SOURCES),
  reservation: z.object({ fileType: z.enum(['csv', 'json']), until: z.number() }).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  idempotency: z.object({ key: z.string(), content: z.string(), txnid: z.string() }).nullable(),
  expiresAt: z.number(),
});

/** TTL deletes late: an expired item is as good as absent. */
const IS_EXPIRED = 'expiresAt <= :seconds';
/** Nobody has uploaded the file that the reference was reserved for. */
const IS_LAPSED = 'reservation.#until <= :now';
/** The SDK repeats a write whose answer was lost: then what stands there is ours. */
const IS_OURS = 'batchId = :batchId';
const IS_RESERVED = 'attribute_exists(reservation.#until)';
const UNTIL = { '#until': 'until' };

/** The batches in the table. */
export function dynamoDbBatches({ client, name: TableName }: Table, clock: Clock, settings: Settings): Batches {
  const find = async (organisationId: string, referenceId: string): Promise<Batch | null> => {
    const Key = batchKey(organisationId, referenceId);
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    if (Item === undefined) return null;
    const { expiresAt, ...batch } = batchItem.parse(Item);
    return expiresAt <= epochSeconds(clock.now()) ? null : batch;
  };

  return {
    find: async (organisationId, referenceId) => {
      const batch = await find(organisationId, referenceId);
      return batch?.reservation && batch.reservation.until <= clock.now() ? null : batch;
    },

    findUpload: find,

    accept: (batch) =>
      ifCondition(
        client.send(
          new PutCommand({
            TableName,
            Item: toItem(batch, settings),
            ConditionExpression: `attribute_not_exists(pk) OR ${IS_EXPIRED} OR ${IS_LAPSED} OR ${IS_OURS}`,
            ExpressionAttributeNames: UNTIL,
            ExpressionAttributeValues: {
              ':seconds': epochSeconds(clock.now()),
              ':now': clock.now(),
              ':batchId': batch.batchId,
            },
          }),
        ),
      ),

    leaseUpload: ({ organisationId, referenceId, batchId }, until) =>
      ifCondition(
        client.send(
          new UpdateCommand({
            TableName,
            Key: batchKey(organisationId, referenceId),
            UpdateExpression: 'SET readUntil = :until',
            ConditionExpression: `${IS_OURS} AND ${IS_RESERVED} AND (attribute_not_exists(readUntil) OR readUntil <= :now)`,
            ExpressionAttributeNames: UNTIL,
            ExpressionAttributeValues: { ':batchId': batchId, ':until': until, ':now': clock.now() },
          }),
        ),
      ),

    acceptUpload: (batch) =>
      ifCondition(
        client.send(
          new PutCommand({
            TableName,
            Item: toItem(batch, settings),
            ConditionExpression: `${IS_OURS} AND ${IS_RESERVED}`,
            ExpressionAttributeNames: UNTIL,
            ExpressionAttributeValues: { ':batchId': batch.batchId },
          }),
        ),
      ),

    finishChunk: async (key) => {
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName,
            Key: batchKey(key.organisationId, key.referenceId),
            UpdateExpression: 'ADD finishedChunks :chunk',
            ConditionExpression: IS_OURS,
            ExpressionAttributeValues: { ':chunk': new Set([key.chunk]), ':batchId': key.batchId },
            ReturnValues: 'ALL_NEW',
          }),
        );
        const { expiresAt: _, ...batch } = batchItem.parse(Attributes);
        return batch.finishedChunks.size < batch.chunks ? null : batch;
      } catch (error) {
        // The batch is gone, or its reference is another's by now: there is nothing to finish.
        if (error instanceof ConditionalCheckFailedException) return null;
        throw error;
      }
    },

    close: ({ organisationId, referenceId, batchId }, at) =>
      ifCondition(
        client.send(
          new UpdateCommand({
            TableName,
            Key: batchKey(organisationId, referenceId),
            UpdateExpression: 'SET finishedAt = :at REMOVE openBatches',
            ConditionExpression: `${IS_OURS} AND attribute_exists(openBatches)`,
            ExpressionAttributeValues: { ':at': new Date(at).toISOString(), ':batchId': batchId },
          }),
        ),
      ),
  };
}

function toItem(batch: Batch, { retention }: Settings): Record<string, unknown> {
  const { finishedChunks: _, acceptedAt, ...attributes } = batch;
  return {
    ...batchKey(batch.organisationId, batch.referenceId),
    ...attributes,
    acceptedAt: new Date(acceptedAt).toISOString(),
    ...(isOpenAtFirst(batch) ? { openBatches: OPEN_BATCHES } : {}),
    expiresAt: epochSeconds(acceptedAt + retention),
  };
}

/** The index's partition key. Only open batches carry it, so the index holds nothing else. */
export const OPEN_BATCHES = 'open';

/** The sparse index of open batches, sorted by when they were accepted. It holds keys only. */
export const dynamoDbOpenBatches = ({ client, name: TableName }: Table, IndexName: string): OpenBatches => ({
  list: async () => {
    const open: { organisationId: string; referenceId: string }[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          IndexName,
          KeyConditionExpression: 'openBatches = :open',
          ExpressionAttributeValues: { ':open': OPEN_BATCHES },
          ExclusiveStartKey,
        }),
      );
      open.push(...(page.Items ?? []).map(toReference));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return open;
  },
});

/** The reference is read off the partition key. */
function toReference(item: unknown): { organisationId: string; referenceId: string } {
  const { pk } = z.object({ pk: z.string() }).parse(item);
  const match = /^ORG#(.+)#REF#([^#]+)$/.exec(pk);
  if (!match?.[1] || !match[2]) throw new Error(`an open batch has the key ${pk}`);
  return { organisationId: match[1], referenceId: match[2] };
}
