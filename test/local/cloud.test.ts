import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type LocalCloud, startLocalCloud } from '#local/cloud.ts';
import { synthesize } from '#local/synthesize.ts';
import { FixtureClients, TABLE } from './fixture/clients.ts';

/** Enough for whatever has to happen; nothing is asserted about how long it takes. */
const PATIENCE = { timeout: 20_000, interval: 50 };
const readingSchema = z.object({
  calls: z.record(z.string(), z.record(z.string(), z.number())),
  units: z.record(z.string(), z.number()),
});

const in60Seconds = (): string => new Date(Date.now() + 60_000).toISOString();

let folder: string;
let cloud: LocalCloud;
let aws: FixtureClients;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixture-'));
  const assembly = await synthesize(folder, fileURLToPath(new URL('./fixture/app.ts', import.meta.url)));
  cloud = await startLocalCloud({ assembly, timeScale: 0.02 });
  aws = new FixtureClients(cloud.endpoints.aws);
});
afterAll(async () => {
  aws?.close();
  await cloud?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => cloud.meter.reset());

const request = (path: string, misbehaviour: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${cloud.endpoints.api}${path}`, { ...init, headers: { 'x-do': misbehaviour, ...init.headers } });

test('serves the API with functions that have the environment of the template', async () => {
  const answer = await request('/things/7?q=1', 'echo');
  const { event, environment } = JSON.parse(await answer.text());
  expect(event).toMatchObject({
    resource: '/things/{id}',
    pathParameters: { id: '7' },
    queryStringParameters: { q: '1' },
  });
  expect(event.requestContext.requestId).toBe(answer.headers.get('x-amzn-requestid'));
  expect(environment).toMatchObject({
    TABLE_NAME: TABLE,
    WAIT_SECONDS: '0.2,0.4',
    QUEUE_URL: aws.queueUrl,
    AWS_ENDPOINT_URL_SQS: cloud.endpoints.aws,
    AWS_REGION: 'ap-south-1',
  });
  expect(cloud.environmentOf('QUEUE_URL')).toBe(aws.queueUrl);
});

test('the catch-all takes other paths, but not other methods of known ones', async () => {
  expect((await request('/no/such/path', 'echo', { method: 'PATCH' })).status).toBe(200);
  expect((await request('/things', 'echo', { method: 'GET' })).status).toBe(403);
});

test.each(['throw', 'exit', 'hang', 'malformed', 'big'])(
  'a function told to %s gives the gateway response',
  async (how) => {
    const answer = await request('/', how);
    expect(answer.status).toBe(502);
    expect(answer.headers.get('x-gateway')).toBe('yes');
    expect(JSON.parse(await answer.text())).toMatchObject({
      message: 'Internal server error',
      requestId: answer.headers.get('x-amzn-requestid'),
    });
    expect((await request('/', 'echo')).status).toBe(200);
  },
);

test('a body within 10 MB that is beyond Lambda as base64 is too large', async () => {
  const post = (bytes: number) =>
    request('/things', 'binary', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: Buffer.alloc(bytes),
    });
  expect((await post(4.4 * 1024 * 1024)).status).toBe(201);
  expect((await post(5 * 1024 * 1024)).status).toBe(413);
});

test('delivers messages with their group, deletes what succeeded and moves to the dead letters what keeps failing', async () => {
  await Promise.all([aws.send('fine-1', 'one'), aws.send('fail-1', 'two'), aws.send('fine-2')]);
  await expect.poll(() => aws.messages(aws.deadLettersUrl), PATIENCE).toBe('1+0');
  expect(await aws.messages(aws.queueUrl)).toBe('0+0');
  expect(await aws.attribute('deliveries', 'fine-1', 'deliveries')).toBe('1');
  expect(await aws.attribute('deliveries', 'fine-1', 'senderGroup')).toBe('one');
  expect(await aws.attribute('deliveries', 'fine-2', 'senderGroup')).toBe('none');
  expect(await aws.attribute('deliveries', 'fail-1', 'deliveries')).toBe('2');
  expect(await aws.attribute('deliveries', 'fail-1', 'receives')).toBe('2');
  cloud.purgeQueue(aws.deadLettersUrl);
  expect(await aws.messages(aws.deadLettersUrl)).toBe('0+0');
});

test('a function that throws fails its whole batch', async () => {
  await aws.send('crash-1');
  await expect.poll(() => aws.messages(aws.deadLettersUrl), PATIENCE).toBe('1+0');
  expect(await aws.attribute('deliveries', 'crash-1', 'deliveries')).toBe('2');
  cloud.purgeQueue(aws.deadLettersUrl);
});

test('runs the state machine: waits, rounds, retries, output and transitions', async () => {
  const resumeAt = new Date(Date.now() - 60_000).toISOString();
  const arn = await aws.startExecution('rounds', {
    name: 'rounds',
    rounds: 3,
    waitMilliseconds: 30,
    failures: 1,
    resumeAt,
  });
  await expect.poll(() => aws.statusOf(arn), PATIENCE).toBe('SUCCEEDED');
  const { output } = await aws.sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
  expect(JSON.parse(output ?? '')).toMatchObject({ rounds: 0, done: true });
  expect(await aws.attribute('steps', 'rounds', 'rounds')).toBe('4');
  // Three rounds of Wait, Advance and Choice, one retry, and Succeed.
  expect(cloud.meter.read().units['states.transition']).toBe(3 * 3 + 1 + 1);
});

test('an execution whose task fails beyond its retries is FAILED with the error', async () => {
  const input = { name: 'hopeless', rounds: 1, waitMilliseconds: 0, failures: 9, resumeAt: '2026-01-01T00:00:00Z' };
  const arn = await aws.startExecution('hopeless', input);
  await expect.poll(() => aws.statusOf(arn), PATIENCE).toBe('FAILED');
  expect(await aws.sfn.send(new DescribeExecutionCommand({ executionArn: arn }))).toMatchObject({
    error: 'RangeError',
  });
  expect(await aws.attribute('steps', 'hopeless', 'rounds')).toBe('3');
});

test('the name of an execution is taken, but for starting the same again while it runs', async () => {
  const input = { name: 'named', rounds: 1, waitMilliseconds: 0, resumeAt: in60Seconds() };
  const arn = await aws.startExecution('named', input);
  expect(await aws.startExecution('named', input)).toBe(arn);
  await expect(aws.startExecution('named', { ...input, rounds: 2 })).rejects.toThrow('Execution Already Exists');
  await aws.sfn.send(new StopExecutionCommand({ executionArn: arn }));
  expect(await aws.statusOf(arn)).toBe('ABORTED');
  await expect(aws.startExecution('named', input)).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

test('aborts all executions on demand, however many wait', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
  const input = (name: string) => ({ name, rounds: 1, waitMilliseconds: 0, resumeAt: in60Seconds() });
  const arns = await Promise.all(names.map((name) => aws.startExecution(name, input(name))));
  expect(cloud.abortExecutions()).toBe(300);
  expect(await aws.statusOf(arns[299] ?? '')).toBe('ABORTED');
});

test('calls the schedule in scaled time', async () => {
  await expect.poll(() => aws.attribute('ticks', 'aws.events', 'ticks').then(Number), PATIENCE).toBeGreaterThan(2);
});

test('counts calls and units, and says over HTTP what it counted', async () => {
  const meter = async (method = 'GET') =>
    readingSchema.parse(await (await fetch(`${cloud.endpoints.aws}/_local/meter`, { method })).json());
  await aws.send('counted', 'one');
  await expect.poll(() => aws.attribute('deliveries', 'counted', 'deliveries'), PATIENCE).toBe('1');
  await request('/', 'echo');
  await expect.poll(async () => (await meter()).calls['sqs']?.['DeleteMessageBatch'], PATIENCE).toBe(1);
  const reading = await meter('DELETE');
  expect(reading.calls['sqs']).toMatchObject({ SendMessage: 1, ReceiveMessage: 1 });
  expect(reading.units).toMatchObject({ 'sqs.request': 3, 'sqs.fairRequest': 1, 'apigateway.request': 1 });
  expect((await meter()).units['apigateway.request']).toBe(0);
});

test('records which action on which resource each function called', async () => {
  await aws.send('recorded');
  await expect.poll(() => aws.attribute('deliveries', 'recorded', 'deliveries'), PATIENCE).toBe('1');
  const calls = cloud.record
    .read()
    .map(({ caller, action, resource }) => [caller.replace(/[0-9A-F]{8}$/, ''), action, resource]);
  const table = `arn:aws:dynamodb:ap-south-1:000000000000:table/${TABLE}`;
  const queue = 'arn:aws:sqs:ap-south-1:000000000000:fixture-Queue4A7E3555';
  expect(calls).toContainEqual(['consume', 'dynamodb:UpdateItem', table]);
  expect(calls).toContainEqual(['consume', 'sqs:DeleteMessage', queue]);
  expect(calls).toContainEqual(['outside', 'sqs:SendMessage', queue]);
  expect(calls).not.toContainEqual(['consume', 'dynamodb:GetItem', table]);
});

test('answers errors as the SDK expects them', async () => {
  const query = new QueryCommand({
    TableName: 'nowhere',
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': { S: 'p' } },
  });
  await expect(aws.dynamoDb.send(query)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(aws.messages(`${cloud.endpoints.aws}/000000000000/nowhere`)).rejects.toMatchObject({
    name: 'QueueDoesNotExist',
  });
  await expect(aws.statusOf('arn:nowhere')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});
