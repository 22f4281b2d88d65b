import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Table } from '#lambdas/platform/dynamodb.ts';
import { CALM, type Disturbance } from '../disturbance.ts';
import { CallFailure, direct, type RemoteCall, Throttled, WorkerDead } from '../network.ts';
import { MemoryTable, TableError } from './memory-table.ts';

const httpRequest = z.object({ headers: z.record(z.string(), z.string()), body: z.instanceof(Uint8Array) });

/** The part of `Disturbance` that only a table knows. */
export type TableDisturbance = Pick<Disturbance, 'unprocessed' | 'staleness'>;

/**
 * A table's client whose HTTP requests end in memory: the SDK's marshalling, expressions and retries are the real ones, and every attempt of
 * theirs is a call of the worker's own.
 * @param maxAttempts of the SDK, as `connectTable` sets it
 */
export function tableIn(
  memory: MemoryTable,
  call: RemoteCall,
  { unprocessed, staleness }: TableDisturbance,
  maxAttempts: number,
): Table {
  const handle = async (request: unknown): Promise<{ response: object }> => {
    const { headers, body } = httpRequest.parse(request);
    const action = headers['x-amz-target']?.split('.')[1] ?? '';
    try {
      const answer = await call(`dynamodb.${maxAttempts === 1 ? 'once.' : ''}${action}`, () =>
        memory.call(action, JSON.parse(new TextDecoder().decode(body)), unprocessed(), staleness()),
      );
      return { response: responseOf(200, answer) };
    } catch (error) {
      if (error instanceof TableError) return { response: errorOf(400, error.type, error.message) };
      if (error instanceof Throttled) {
        return {
          response: errorOf(400, 'ProvisionedThroughputExceededException', 'The level of throughput was exceeded'),
        };
      }
      // The SDK sends a request again whose connection was lost. A dead worker's code must unwind.
      if (error instanceof CallFailure && !(error instanceof WorkerDead)) {
        throw Object.assign(new Error(error.message), { code: 'ECONNRESET' });
      }
      throw error;
    }
  };
  const dynamo = new DynamoDBClient({
    maxAttempts,
    region: 'ap-south-1',
    endpoint: 'http://table',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...READ_FROM_NO_FILE,
    // Nobody looks at signatures here, and they take most of a call's time.
    signer: { sign: async (request) => request },
    requestHandler: { handle, metadata: { handlerProtocol: 'http/1.1' } },
  });
  for (const name of IDLE_MIDDLEWARE) dynamo.middlewareStack.remove(name);
  return {
    client: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    name: 'table',
  };
}

/** What the SDK would read from the machine's configuration files, and so make histories wait for a disk. */
const READ_FROM_NO_FILE = {
  retryMode: 'standard',
  disableClockSkewCorrection: true,
  defaultsMode: 'standard',
  accountIdEndpointMode: 'disabled',
  authSchemePreference: async (): Promise<string[]> => [],
  endpointDiscoveryEnabledProvider: async () => false,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  userAgentAppId: async () => undefined,
  defaultUserAgentProvider: async (): Promise<[string, string][]> => [],
} as const;

/** What only adds headers and log entries, at which nobody looks here. */
const IDLE_MIDDLEWARE = [
  'loggerMiddleware',
  'contentLengthMiddleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'recursionDetectionMiddleware',
];

const responseOf = (statusCode: number, body: object) => ({
  statusCode,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: new TextEncoder().encode(JSON.stringify(body)),
});

const errorOf = (statusCode: number, type: string, message: string) =>
  responseOf(statusCode, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message });

// The SDK loads parts of itself at its first call. That takes real time, and no virtual time may depend on it.
const first = tableIn(new MemoryTable('index', ['a', 'b']), direct, CALM, 1);
await first.client.send(new GetCommand({ TableName: first.name, Key: { pk: 'p', sk: 's' } }));
