import {
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { changed, epochSeconds, IS_OWN_WRITE, ifCondition, newWriteId, type Table } from '../platform/dynamodb.ts';
import { batchKey } from '../platform/keys.ts';
import { BATCH_SOURCES, type Batch, isOpenAtFirst } from './batch.ts';
import type { BatchChange, BatchKey, BatchStore, OpenBatches, StoredBatch } from './store.ts';

/** The index's partition key. Only open batches have it, so the index has nothing else. */
const OPEN_BATCHES = 'open';

/** The format of the item. Items stored before formats had numbers are of format 1. */
const FORMAT = 1;

const string = z.string().nullable();
const time = z.iso.datetime().transform((date) => Date.parse(date));
const batchItem = z.object({
  format: z.literal(FORMAT).default(FORMAT),
  organisationId: z.string(),
  referenceId: z.string(),
  batchId: z.string(),
  promisedId: string.default(null),
  total: z.number().int(),
  duplicates: z.number().int().nullable().default(null),
  chunks: z.number().int(),
  chunkRows: z.number().int(),
  fileName: string,
  globalConfig: z.object({ fiDataRangeFrom: string, fiDataRangeTo: string, configId: string }),
  acceptedAt: time,
  finishedChunks: z.set(z.number().int()).default(new Set()),
  source: z.enum(BATCH_SOURCES),
  reservation: z.object({ fileType: z.enum(['csv', 'json']), until: z.number() }).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  idempotency: z.object({ key: z.string(), content: z.string(), txnid: z.string() }).nullable(),
  openBatches: z.string().optional(),
  readUntil: z.number().default(0),
  finishedAt: time.optional(),
  expiresAt: z.number(),
});

/** @throws ZodError when the item isn't a batch of this format */
export function fromBatchItem(item: unknown): StoredBatch {
  const { format: _, openBatches, readUntil, finishedAt, expiresAt, ...batch } = batchItem.parse(item);
  return { batch, isOpen: openBatches !== undefined, readUntil, finishedAt: finishedAt ?? null, expiresAt };
}

function toBatchItem(batch: Batch, expiresAt: number): Record<string, unknown> {
  const { finishedChunks: _, acceptedAt, promisedId, ...attributes } = batch;
  return {
    ...batchKey(batch.organisationId, batch.referenceId),
    format: FORMAT,
    ...attributes,
    ...(promisedId === null ? {} : { promisedId }),
    acceptedAt: new Date(acceptedAt).toISOString(),
    ...(isOpenAtFirst(batch) ? { openBatches: OPEN_BATCHES } : {}),
    expiresAt,
  };
}

const IS_EXPIRED = 'expiresAt <= :seconds';
const IS_LAPSED = 'reservation.#until <= :now';
const IS_OURS = 'batchId = :batchId';
/** Nobody holds the reference of what is left of a file that couldn't be read, but a late repeat of its own reservation. */
const IS_UNREAD = '#total = :none AND attribute_exists(#error.code) AND batchId <> :batchId';
const IS_RESERVED = 'attribute_exists(reservation.#until)';
/** Reserved words. */
const UNTIL = { '#until': 'until' };
const UNREAD = { '#total': 'total', '#error': 'error' };

/** The batches in the table. */
export function dynamoDbBatches({ client, name: TableName }: Table): BatchStore {
  type Write<Input> = Omit<Input, 'TableName' | 'Key' | 'Item' | 'ConditionExpression'> & {
    readonly ConditionExpression: string;
  };
  /** The condition, or that the item is as this very write has left it. */
  const orOwn = (condition: string): string => `(${condition}) OR ${IS_OWN_WRITE}`;

  const put = async (item: Record<string, unknown>, condition: Write<PutCommandInput>): Promise<StoredBatch | null> => {
    const writeId = newWriteId();
    const write = {
      TableName,
      Item: { ...item, writeId },
      ...condition,
      ConditionExpression: orOwn(condition.ConditionExpression),
      ExpressionAttributeValues: { ...condition.ExpressionAttributeValues, ':writeId': writeId },
    };
    return (await ifCondition(client.send(new PutCommand(write)))) ? fromBatchItem(item) : null;
  };
  const update = async (
    { organisationId, referenceId }: BatchKey,
    { set, ...change }: Write<UpdateCommandInput> & { readonly set: string },
  ): Promise<StoredBatch | null> => {
    const write = {
      TableName,
      Key: batchKey(organisationId, referenceId),
      ...change,
      UpdateExpression: `SET ${set}`,
      ConditionExpression: orOwn(change.ConditionExpression),
      ExpressionAttributeValues: { ...change.ExpressionAttributeValues, ':writeId': newWriteId() },
      ReturnValues: 'ALL_NEW' as const,
    };
    const item = await changed(client.send(new UpdateCommand(write)));
    return item === null ? null : fromBatchItem(item);
  };

  return {
    read: async (organisationId, referenceId) => {
      const Key = batchKey(organisationId, referenceId);
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return Item === undefined ? null : fromBatchItem(Item);
    },

    apply: (key: BatchKey, change: BatchChange) => {
      const { batchId } = key;
      switch (change.kind) {
        case 'accept':
          return put(toBatchItem(change.batch, change.expiresAt), {
            ConditionExpression: `attribute_not_exists(pk) OR ${IS_EXPIRED} OR ${IS_LAPSED} OR (${IS_UNREAD})`,
            ExpressionAttributeNames: { ...UNTIL, ...UNREAD },
            ExpressionAttributeValues: {
              ':seconds': epochSeconds(change.now),
              ':now': change.now,
              ':none': 0,
              ':batchId': change.batch.batchId,
            },
          });
        case 'accept-upload':
          return put(toBatchItem(change.batch, change.expiresAt), {
            ConditionExpression: `${IS_OURS} AND ${IS_RESERVED}`,
            ExpressionAttributeNames: UNTIL,
            ExpressionAttributeValues: { ':batchId': batchId },
          });
        case 'lease-upload':
          return update(key, {
            set: 'readUntil = :until, writeId = :writeId',
            ConditionExpression: `${IS_OURS} AND ${IS_RESERVED} AND (attribute_not_exists(readUntil) OR readUntil <= :now)`,
            ExpressionAttributeNames: UNTIL,
            ExpressionAttributeValues: { ':batchId': batchId, ':until': change.until, ':now': change.now },
          });
        case 'finish-chunk':
          return update(key, {
            set: 'writeId = :writeId ADD finishedChunks :chunk',
            ConditionExpression: IS_OURS,
            ExpressionAttributeValues: { ':chunk': new Set([change.chunk]), ':batchId': batchId },
          });
        case 'close':
          return update(key, {
            set: 'finishedAt = :at, writeId = :writeId REMOVE openBatches',
            ConditionExpression: `${IS_OURS} AND attribute_exists(openBatches)`,
            ExpressionAttributeValues: { ':at': new Date(change.at).toISOString(), ':batchId': batchId },
          });
      }
    },
  };
}

/** The sparse index of open batches, keys only, sorted by acceptance. */
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

/** Reads the reference from the partition key. */
function toReference(item: unknown): { organisationId: string; referenceId: string } {
  const { pk } = z.object({ pk: z.string() }).parse(item);
  const match = /^ORG#(.+)#REF#([^#]+)$/.exec(pk);
  if (!match?.[1] || !match[2]) throw new Error(`not the key of a batch: ${pk}`);
  return { organisationId: match[1], referenceId: match[2] };
}
