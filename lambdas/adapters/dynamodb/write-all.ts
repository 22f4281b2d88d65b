import { setTimeout as wait } from 'node:timers/promises';
import { BatchWriteCommand, type BatchWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ItemKey } from './keys.ts';
import type { Table } from './table.ts';

/** BatchWriteItem takes 25 requests and may leave any of them unprocessed (Amazon DynamoDB API reference). */
const REQUESTS_A_CALL = 25;
const TRIES = 8;

interface Writes {
  readonly puts?: readonly object[];
  readonly deletes?: readonly ItemKey[];
}

/**
 * Writes all items, unconditionally, in no order. What DynamoDB leaves unprocessed is sent again, with growing pauses.
 * @throws Error when some could still not be written
 */
export async function writeAll({ client, name }: Table, { puts = [], deletes = [] }: Writes): Promise<void> {
  const requests = [
    ...puts.map((item) => ({ PutRequest: { Item: { ...item } } })),
    ...deletes.map((key) => ({ DeleteRequest: { Key: { ...key } } })),
  ];
  const calls = Array.from({ length: Math.ceil(requests.length / REQUESTS_A_CALL) }, (_, call) =>
    requests.slice(call * REQUESTS_A_CALL, (call + 1) * REQUESTS_A_CALL),
  );
  await Promise.all(
    calls.map(async (call) => {
      let left: NonNullable<BatchWriteCommandInput['RequestItems']> = { [name]: call };
      for (let tries = 0; tries < TRIES; tries += 1) {
        const answer = await client.send(new BatchWriteCommand({ RequestItems: left }));
        left = answer.UnprocessedItems ?? {};
        if (Object.keys(left).length === 0) return;
        await wait(50 * 2 ** tries);
      }
      throw new Error('the table did not take all items of a batch write');
    }),
  );
}
