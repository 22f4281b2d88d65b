import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { awsClientOptions } from '#lambdas/platform/aws-client.ts';
import { FUNCTIONS } from '#lib/topology.ts';

const LAMBDAS = join(import.meta.dirname, '../../../lambdas');

test('a request that is not answered ends, and is tried again as often as is said', async () => {
  let connections = 0;
  const server = createServer(() => {
    connections += 1;
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  const client = new DynamoDBClient({
    ...awsClientOptions(2, { connection: 50, request: 50 }),
    endpoint: `http://127.0.0.1:${port}`,
    region: 'ap-south-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await expect(client.send(new ListTablesCommand({}))).rejects.toThrow(/50 ms|timed out|timeout/i);
  expect(connections).toBe(2);
  client.destroy();
  server.close();
});

test('every attempt has its time-outs, and all of them fit into the shortest function', () => {
  const { maxAttempts, requestHandler } = awsClientOptions();
  expect({ maxAttempts, ...requestHandler }).toMatchObject({
    maxAttempts: 5,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    throwOnRequestTimeout: true,
  });
  const shortest = Math.min(...Object.values(FUNCTIONS).map(({ timeout }) => timeout));
  expect(maxAttempts * requestHandler.requestTimeout).toBeLessThanOrEqual(shortest * 1_000);
});

test('every client of the functions is made with these options', () => {
  const made = globSync('**/*.ts', { cwd: LAMBDAS }).flatMap((file) =>
    [...readFileSync(join(LAMBDAS, file), 'utf8').matchAll(/new \w+Client\(([^;]*?)\)[,;]/g)].map(
      ([, options = '']) => ({
        file,
        options,
      }),
    ),
  );
  expect(made.length).toBeGreaterThanOrEqual(5);
  expect(made.filter(({ options }) => !options.includes('awsClientOptions('))).toEqual([]);
});
