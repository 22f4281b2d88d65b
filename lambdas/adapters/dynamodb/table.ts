import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The one table and the client that reaches it. */
export interface Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** Made once a container. The SDK retries what is throttled or failed by itself, which is safe: every write is conditional or repeatable. */
export const connectTable = (name: string, maxAttempts = 5): Table => ({
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts }), {
    marshallOptions: { removeUndefinedValues: true },
  }),
  name,
});

/** True when the write took place, false when its condition did not hold; any other failure is thrown. */
export async function holds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** TTL attributes are epoch seconds (DynamoDB developer guide, "Time to Live"). */
export const epochSeconds = (at: number): number => Math.ceil(at / 1000);
