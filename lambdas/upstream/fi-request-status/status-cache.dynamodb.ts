import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochSeconds, packJson, type Table, unpackJson } from '#lambdas/platform/dynamodb.ts';
import { statusCacheKey } from '#lambdas/platform/keys.ts';
import type { StatusCache } from './ask.ts';

/** Format 1. An item lives for a minute, so older formats are only read while a deployment goes on. */
const FORMAT = 1;

const cachedItem = z.object({
  format: z.literal(FORMAT).default(FORMAT),
  keptUntil: z.number(),
  document: z.instanceof(Uint8Array),
});
const cachedDocument = z.object({ message: z.string(), data: z.record(z.string(), z.unknown()) });

/** An item has at most 400 KB (DynamoDB, "Constraints"). Larger answers aren't cached. */
const MAX_BYTES = 300 * 1024;

/** Statuses in the table, so that every container finds them. TTL deletes late, so the time is checked, too. */
export const dynamoDbStatusCache = ({ client, name: TableName }: Table): StatusCache => ({
  find: async (organisationId, sessionId, now) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: statusCacheKey(organisationId, sessionId) }));
    if (Item === undefined) return null;
    const { keptUntil, document } = cachedItem.parse(Item);
    return keptUntil > now ? cachedDocument.parse(unpackJson(document)) : null;
  },
  store: async (organisationId, sessionId, document, until) => {
    const packed = packJson(document);
    if (packed.byteLength > MAX_BYTES) return;
    const Key = statusCacheKey(organisationId, sessionId);
    await client.send(
      new PutCommand({
        TableName,
        Item: { ...Key, format: FORMAT, keptUntil: until, document: packed, expiresAt: epochSeconds(until) },
      }),
    );
  },
});
