import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
import type { ClientRegistry } from '#lambdas/clients/store.ts';
import { storeSimulatorCredentials } from './simulator-credentials.ts';

/** A deployment, local or on AWS, whose clients are managed. */
export interface ClientDeployment {
  readonly clients: ClientRegistry;
  /** For people, after "in". */
  readonly name: string;
  /** Creates the organisation's upstream credentials where possible. Returns what to tell the operator. */
  prepareUpstream(organisationId: string): Promise<string>;
  close(): void;
}

/** The default region of a deployment (`lib/deployment.ts`). */
const DEFAULT_REGION = 'ap-south-1';
const MAX_ATTEMPTS = 3;

const endpointsFile = z.object({
  aws: z.object({
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    dynamodb: z.url(),
    secretsManager: z.url(),
    table: z.string(),
  }),
});

/** A deployed table, reached with the AWS SDK's usual environment and profiles. */
export function deployedTable(table: string, givenRegion: string | undefined): ClientDeployment {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = givenRegion ?? AWS_REGION ?? AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  const dynamo = new DynamoDBClient({ region, maxAttempts: MAX_ATTEMPTS });
  return {
    clients: registryOf(dynamo, table),
    name: `the table ${table} (${region})`,
    prepareUpstream: async (organisationId) =>
      `Its batches need the organisation's FinPro credentials in Secrets Manager, as bulk-data-fetch/<stage>/upstream/${organisationId} (docs/clients.md).`,
    close: () => dynamo.destroy(),
  };
}

/**
 * The local environment of `npm start`, by the endpoints that it has written.
 * @throws Error saying what to start, when none is running
 */
export function localEnvironment(stateDir: string): ClientDeployment {
  const { aws } = readEndpoints(join(stateDir, 'endpoints.json'));
  const { region, accessKeyId, secretAccessKey, table } = aws;
  const connection = { region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: MAX_ATTEMPTS };
  const dynamo = new DynamoDBClient({ ...connection, endpoint: aws.dynamodb });
  return {
    clients: registryOf(dynamo, table),
    name: `the local environment (${stateDir})`,
    prepareUpstream: async (organisationId) =>
      (await storeSimulatorCredentials({ ...connection, endpoint: aws.secretsManager }, organisationId))
        ? 'Stored simulator credentials for the organisation, so its batches can run.'
        : 'The organisation already has simulator credentials.',
    close: () => dynamo.destroy(),
  };
}

const registryOf = (dynamo: DynamoDBClient, name: string): ClientRegistry =>
  dynamoDbClientRegistry({ client: DynamoDBDocumentClient.from(dynamo), name });

function readEndpoints(path: string): z.output<typeof endpointsFile> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Error(`${path} not found. Run \`npm start\`, or name a deployed table with --table`);
  }
  try {
    return endpointsFile.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is not what \`npm start\` writes. Run it again`);
  }
}
