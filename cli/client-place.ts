import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { dynamoDbClientRegistry } from '#lambdas/clients/store.dynamodb.ts';
import type { ClientRegistry } from '#lambdas/clients/store.ts';
import { storeSimulatorCredentials } from './simulator-credentials.ts';

/** A deployment, local or on AWS, whose clients are managed. */
export interface ClientPlace {
  readonly clients: ClientRegistry;
  /** Where it is, to be read after "in". */
  readonly name: string;
  /** Sees to the organisation's credentials at the upstream where it can. What is to be said about them. */
  upstream(organisationId: string): Promise<string>;
  close(): void;
}

/** The region of a deployment that says nothing else (`lib/deployment.ts`). */
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

/** A deployed table by its name, reached as the AWS SDK's environment and profiles say. */
export function deployedPlace(table: string, givenRegion: string | undefined): ClientPlace {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = givenRegion ?? AWS_REGION ?? AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  const dynamo = new DynamoDBClient({ region, maxAttempts: MAX_ATTEMPTS });
  return {
    clients: registerOf(dynamo, table),
    name: `the table ${table} (${region})`,
    upstream: async (organisationId) =>
      `Its batches need the organisation's FinPro credentials in Secrets Manager, as bulk-data-fetch/<stage>/upstream/${organisationId} (README, "Clients").`,
    close: () => dynamo.destroy(),
  };
}

/**
 * The local environment that `npm start` has written the endpoints of.
 * @throws Error saying what to start, when there is none
 */
export function localPlace(stateDir: string): ClientPlace {
  const { aws } = readEndpoints(join(stateDir, 'endpoints.json'));
  const { region, accessKeyId, secretAccessKey, table } = aws;
  const connection = { region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: MAX_ATTEMPTS };
  const dynamo = new DynamoDBClient({ ...connection, endpoint: aws.dynamodb });
  return {
    clients: registerOf(dynamo, table),
    name: `the local environment (${stateDir})`,
    upstream: async (organisationId) =>
      (await storeSimulatorCredentials({ ...connection, endpoint: aws.secretsManager }, organisationId))
        ? 'Credentials for the simulator were made and stored for the organisation: its batches can run.'
        : 'The organisation has credentials for the simulator already.',
    close: () => dynamo.destroy(),
  };
}

const registerOf = (dynamo: DynamoDBClient, name: string): ClientRegistry =>
  dynamoDbClientRegistry({ client: DynamoDBDocumentClient.from(dynamo), name });

function readEndpoints(path: string): z.output<typeof endpointsFile> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Error(`${path} is not there: run \`npm start\`, or name a deployed table with --table`);
  }
  try {
    return endpointsFile.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is not what \`npm start\` writes: run it again`);
  }
}
