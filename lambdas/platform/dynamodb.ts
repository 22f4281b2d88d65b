import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, type BatchWriteCommandInput, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { awsClientOptions } from './aws-client.ts';
import type { ItemKey } from './keys.ts';
import { allSettled } from './settled.ts';

/** The one table and its client (docs/architecture.md, "The table"). */
export interface Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** Call it once per container. The SDK retries by itself, which is safe: every write is conditional or repeatable. */
export const connectTable = (name: string, maxAttempts?: number): Table => ({
  client: DynamoDBDocumentClient.from(new DynamoDBClient(awsClientOptions(maxAttempts)), {
    marshallOptions: { removeUndefinedValues: true },
  }),
  name,
});

/** True when the write succeeded, false when its condition didn't hold. Throws on any other failure. */
export async function ifCondition(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** The item after a conditional update (`ReturnValues: ALL_NEW`); null when its condition didn't hold. */
export async function changed(write: Promise<{ readonly Attributes?: unknown }>): Promise<unknown> {
  try {
    return (await write).Attributes ?? null;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}

/**
 * The identity of one write. The SDK sends a write again when its answer was lost, and the first one may even arrive
 * after the second. An item that still has this id is as the write left it: to write it again changes nothing, and the
 * caller isn't told that somebody else was first. Once anybody else has written, the id is gone.
 */
export const newWriteId = (): Uint8Array => randomBytes(WRITE_ID_BYTES);
/** Short, since it's part of each write's price; two writes of one item never draw the same. */
const WRITE_ID_BYTES = 12;
export const IS_OWN_WRITE = 'writeId = :writeId';

/** TTL attributes are epoch seconds (DynamoDB developer guide, "Time to Live"). */
export const epochSeconds = (at: number): number => Math.ceil(at / 1000);

/** As the SDK waits between its tries. */
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** BatchWriteItem takes 25 requests and may leave any of them unprocessed (Amazon DynamoDB API reference). */
const REQUESTS_PER_CALL = 25;
const TRIES = 8;

interface Writes {
  readonly puts?: readonly object[];
  readonly deletes?: readonly ItemKey[];
}

/**
 * Writes all items, unconditionally, in any order. Sends what DynamoDB leaves unprocessed again, with growing pauses.
 * Only for items that nobody ever writes otherwise: a repeat of such a write may arrive late.
 * @throws Error when items are still left after 8 tries
 */
export async function writeAll({ client, name }: Table, { puts = [], deletes = [] }: Writes): Promise<void> {
  const requests = [
    ...puts.map((item) => ({ PutRequest: { Item: { ...item } } })),
    ...deletes.map((key) => ({ DeleteRequest: { Key: { ...key } } })),
  ];
  const calls = Array.from({ length: Math.ceil(requests.length / REQUESTS_PER_CALL) }, (_, call) =>
    requests.slice(call * REQUESTS_PER_CALL, (call + 1) * REQUESTS_PER_CALL),
  );
  await allSettled(
    calls.map(async (call) => {
      let left: NonNullable<BatchWriteCommandInput['RequestItems']> = { [name]: call };
      for (let tries = 0; tries < TRIES; tries += 1) {
        const answer = await client.send(new BatchWriteCommand({ RequestItems: left }));
        left = answer.UnprocessedItems ?? {};
        if (Object.keys(left).length === 0) return;
        await wait(50 * 2 ** tries);
      }
      throw new Error('DynamoDB left items of a batch write unprocessed');
    }),
  );
}

/** Larger content can't be ours: an item has at most 400 KB. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** Deflated JSON. */
export const packJson = (value: unknown): Uint8Array => deflateRawSync(JSON.stringify(value), { level: 9 });

/** The value of deflated JSON. The caller parses it. */
export const unpackJson = (packed: Uint8Array): unknown =>
  JSON.parse(inflateRawSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8'));
