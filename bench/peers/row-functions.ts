import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';

const table = new DynamoDBClient({});
const seconds = z.coerce.number().transform((value) => value * 1000);
const environment = z
  .object({
    TABLE_NAME: z.string(),
    FINPRO_BASE_URL: z.url(),
    POLL_FIRST_SECONDS: seconds,
    POLL_DEADLINE_SECONDS: seconds,
  })
  .parse(process.env);
const FIRST = environment.POLL_FIRST_SECONDS;

const rowSchema = z.object({ batch: z.string(), row: z.string(), consentId: z.string(), client: z.string() });
const loopSchema = rowSchema.extend({ sessionId: z.string(), requestedAt: z.number(), polls: z.number() });

/** A row, and what passes between the states of its execution. */
type Row = z.output<typeof rowSchema>;

const session = z.object({ data: z.object({ sessionId: z.string() }) });
const status = z.object({ data: z.object({ eventStatus: z.string() }) });

/** One call. The states for calls that are declined are left out: they would only add to what a row takes. */
async function finPro<T>({ client }: Row, path: string, body: object, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(new URL(path, environment.FINPRO_BASE_URL), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      client_id: client,
      client_secret: 'secret',
      organisationId: client,
      appIdentifier: 'app',
    },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (response.status === 429) throw Object.assign(new Error('FinPro answered 429'), { name: 'TooManyRequests' });
  return schema.parse(answer);
}

/**
 * Moves a row from one status to the next and the counters with it. On AWS that is one TransactWriteItems, so that the counters cannot drift; the embedded
 * table has no transactions, so here it is the two updates, and the benchmark bills them as the transaction they stand for: twice (DynamoDB
 * developer guide, "Transaction capacity").
 */
async function move({ batch, row }: Row, from: string, to: string, fields: Record<string, string>): Promise<void> {
  const extra = Object.entries(fields);
  await table.send(
    new UpdateItemCommand({
      TableName: environment.TABLE_NAME,
      Key: { pk: { S: batch }, sk: { S: `ROW#${row}` } },
      UpdateExpression: `SET #status = :to${extra.map(([name]) => `, ${name} = :${name}`).join('')}`,
      ConditionExpression: '#status = :from',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':from': { S: from },
        ':to': { S: to },
        ...Object.fromEntries(extra.map(([name, value]) => [`:${name}`, { S: value }])),
      },
    }),
  );
  await table.send(
    new UpdateItemCommand({
      TableName: environment.TABLE_NAME,
      Key: { pk: { S: batch }, sk: { S: 'COUNTERS' } },
      UpdateExpression: 'ADD #from :less, #to :more',
      ExpressionAttributeNames: { '#from': from, '#to': to },
      ExpressionAttributeValues: { ':less': { N: '-1' }, ':more': { N: '1' } },
    }),
  );
}

/** The first state: one FI request. */
export async function request(event: unknown): Promise<unknown> {
  const row = rowSchema.parse(event);
  const { data } = await finPro(row, '/fi/request', { consentId: row.consentId }, session);
  await move(row, 'READY', 'IN_PROGRESS', { sessionId: data.sessionId });
  const now = Date.now();
  return {
    ...row,
    sessionId: data.sessionId,
    requestedAt: now,
    polls: 0,
    resumeAt: new Date(now + FIRST).toISOString(),
  };
}

/** One poll, after 5, 10, 20, 40 … s, the last at the deadline. */
export async function poll(event: unknown): Promise<unknown> {
  const loop = loopSchema.parse(event);
  const { data } = await finPro(loop, '/consent/firequest/status', { sessionId: loop.sessionId }, status);
  const now = Date.now();
  const deadline = loop.requestedAt + environment.POLL_DEADLINE_SECONDS;
  const polls = loop.polls + 1;
  const isPending = data.eventStatus === 'PENDING';
  if (isPending && now < deadline) {
    const resumeAt = new Date(Math.min(now + FIRST * 2 ** polls, deadline)).toISOString();
    return { ...loop, polls, done: false, resumeAt };
  }
  const ended = data.eventStatus === 'DATA_READY' ? 'COMPLETED' : 'FAILED';
  await move(loop, 'IN_PROGRESS', ended, { endedAt: new Date(now).toISOString() });
  return { ...loop, polls, done: true };
}
