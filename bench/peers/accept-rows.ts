import { BatchWriteItemCommand, DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import pMap from 'p-map';
import { z } from 'zod';

const table = new DynamoDBClient({});
const states = new SFNClient({});
const environment = z.object({ TABLE_NAME: z.string(), STATE_MACHINE_ARN: z.string() }).parse(process.env);
const ROWS_A_WRITE = 25;

const event = z.object({ body: z.string() });
const request = z.object({ batch: z.string(), client: z.string(), consents: z.array(z.string()) });

/** The API's one call: writes an item a row, 25 at a time, and starts an execution a row. Resolves when all are started. */
export async function handler(input: unknown): Promise<unknown> {
  const { batch, client, consents } = request.parse(JSON.parse(event.parse(input).body));
  for (let first = 0; first < consents.length; first += ROWS_A_WRITE) {
    const puts = consents.slice(first, first + ROWS_A_WRITE).map((consentId, index) => ({
      PutRequest: {
        Item: {
          pk: { S: batch },
          sk: { S: `ROW#${first + index}` },
          status: { S: 'READY' },
          consentId: { S: consentId },
        },
      },
    }));
    let left: Record<string, WriteRequest[]> | undefined = { [environment.TABLE_NAME]: puts };
    while (left && Object.keys(left).length > 0) {
      left = (await table.send(new BatchWriteItemCommand({ RequestItems: left }))).UnprocessedItems;
    }
  }
  const start = (consentId: string, row: number) =>
    states.send(
      new StartExecutionCommand({
        stateMachineArn: environment.STATE_MACHINE_ARN,
        name: `${batch}-${row}`,
        input: JSON.stringify({ batch, row: String(row), consentId, client }),
      }),
    );
  await pMap(consents, start, { concurrency: 25 });
  return { statusCode: 200, body: JSON.stringify({ started: consents.length }) };
}
