import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { hashSecret } from '#lambdas/clients/secret.ts';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { listen, stopServer } from '#local/listening.ts';
import { type LocalTable, localTable, OPEN_BATCHES_INDEX } from './local-table.ts';
import { recordedTable } from './recorded-table.ts';

export const TENANT = {
  client_id: 'lender-client',
  client_secret: 'a-secret-of-the-lender',
  organisationId: 'lender',
  appIdentifier: 'lender-app',
} as const;

export const OTHER_TENANT = {
  client_id: 'wealth-client',
  client_secret: 'a-secret-of-the-wealth-manager',
  organisationId: 'wealth',
  appIdentifier: 'wealth-app',
} as const;

export const API_FUNCTIONS = [
  'schedule-batch',
  'upload-batch',
  'create-upload',
  'batch-status',
  'fi-request-status',
  'not-found',
] as const;
export type ApiFunction = (typeof API_FUNCTIONS)[number];

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The real handlers of the API on an embedded table, with a queue that only remembers what it was sent. */
export interface ApiUnderTest {
  readonly table: LocalTable;
  /** What the handlers have asked the table for, like `GetItem CLIENT#a`. */
  readonly tableCalls: string[];
  /** Bodies of the messages that were sent to the chunk queue. */
  readonly sent: unknown[];
  /** Calls a function as API Gateway would. `headers` replace the tenant's where given; undefined leaves one out. */
  call(
    name: ApiFunction,
    body: unknown,
    headers?: Record<string, string | undefined>,
    sourceIp?: string,
  ): Promise<Answer>;
  close(): Promise<void>;
}

const SECRET_PREFIX = 'upstream/';

/** What the upstream knows an organisation by. */
export const upstreamCredentialsOf = (organisationId: string) => ({
  client_id: `upstream-${organisationId}`,
  client_secret: 'a-secret-of-the-upstream',
  organisationId,
  appIdentifier: 'bulk-data-fetch',
});

/** What Lambda tells a function of its invocation; the handlers of the API only log it. */
const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: true,
  functionName: 'function',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:ap-south-1:000000000000:function:function',
  memoryLimitInMB: '512',
  awsRequestId: randomUUID(),
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 29_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};

/** Bytes come base64-encoded from API Gateway, as its binary media types say. */
const bodyOf = (body: unknown): string => {
  if (body instanceof Uint8Array) return Buffer.from(body).toString('base64');
  return typeof body === 'string' ? body : JSON.stringify(body);
};

const proxyAnswer = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.unknown()).default({}),
  body: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
});

const sendBatch = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) });

const getSecret = z.object({ SecretId: z.string().startsWith(SECRET_PREFIX) });

/** A Secrets Manager that has the upstream credentials of every organisation. */
const secretsManager = () =>
  createServer(async (request, response) => {
    const { SecretId } = getSecret.parse(await json(request));
    const SecretString = JSON.stringify(upstreamCredentialsOf(SecretId.slice(SECRET_PREFIX.length)));
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Name: SecretId, SecretString }));
  });

/** Registers a client with the application identifier and the secret that it sends. */
export const addClient = (table: Table, tenant: Record<keyof typeof TENANT, string>): Promise<unknown> =>
  dynamoDbClientRegistry(table).add({
    clientId: tenant.client_id,
    organisationId: tenant.organisationId,
    appIdentifiers: [tenant.appIdentifier],
    secrets: [hashSecret(tenant.client_secret)],
    disabled: false,
    createdAt: 0,
    rotatedAt: null,
    revision: 'first',
  });

/** @param variables further environment variables, such as settings and `FINPRO_BASE_URL` */
export async function apiUnderTest(variables: Readonly<Record<string, string>> = {}): Promise<ApiUnderTest> {
  const table = await localTable();
  const recorded = await recordedTable(table.endpoint);
  const secrets = secretsManager();
  const sent: unknown[] = [];
  const queue = createServer(async (request, response) => {
    const { Entries } = sendBatch.parse(await json(request));
    sent.push(...Entries.map(({ MessageBody }): unknown => JSON.parse(MessageBody)));
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id })), Failed: [] }));
  });
  const queueUrl = await listen(queue, 0);
  Object.assign(process.env, {
    AWS_REGION: 'ap-south-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: recorded.endpoint,
    AWS_ENDPOINT_URL_SQS: queueUrl,
    TABLE_NAME: table.name,
    OPEN_BATCHES_INDEX,
    BUCKET_NAME: 'bucket',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: await listen(secrets, 0),
    UPSTREAM_SECRET_PREFIX: SECRET_PREFIX,
    FINPRO_BASE_URL: 'http://127.0.0.1:9',
    CHUNK_QUEUE_URL: `${queueUrl}/000000000000/chunks`,
    POWERTOOLS_DEV: 'false',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    POWERTOOLS_SERVICE_NAME: 'test',
    POWERTOOLS_METRICS_NAMESPACE: 'test',
    // No test but those of limits meets one.
    ...Object.fromEntries(['API', 'SEARCH', 'UNAUTHORIZED'].map((name) => [`${name}_RATE_LIMIT`, '1000000'])),
    ...variables,
  });
  for (const tenant of [TENANT, OTHER_TENANT]) await addClient(table, tenant);
  const handlers = {
    'schedule-batch': (await import('#lambdas/batch/schedule-batch/index.ts')).handler,
    'upload-batch': (await import('#lambdas/batch/upload-batch/index.ts')).handler,
    'create-upload': (await import('#lambdas/batch/create-upload/index.ts')).handler,
    'batch-status': (await import('#lambdas/batch/batch-status/index.ts')).handler,
    'fi-request-status': (await import('#lambdas/upstream/fi-request-status/index.ts')).handler,
    'not-found': (await import('#lambdas/platform/not-found/index.ts')).handler,
  };
  return {
    table,
    tableCalls: recorded.calls,
    sent,
    call: async (name, body, headers = {}, sourceIp = '192.0.2.99') => {
      const event: object = {
        headers: { 'Content-Type': 'application/json', ...TENANT, ...headers },
        body: bodyOf(body),
        isBase64Encoded: body instanceof Uint8Array,
        requestContext: { requestId: randomUUID(), identity: { sourceIp } },
      };
      const answer = proxyAnswer.parse(await handlers[name](event, CONTEXT));
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    close: async () => {
      await stopServer(queue);
      await stopServer(secrets);
      await recorded.close();
      await table.close();
    },
  };
}
