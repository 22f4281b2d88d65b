import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { LocalCloud } from './cloud.ts';
import { DEMO_ORGANISATIONS, type Tenant } from './tenants.ts';

/** What `endpoints.json` says, for programs that use a running local cloud. */
export const endpointsSchema = z.object({
  api: z.string(),
  simulator: z.string(),
  /** Has `/_local/meter` (GET, DELETE) and `/_local/calls` (GET). */
  local: z.string(),
  aws: z.record(z.string(), z.string()),
  tenants: z.array(
    z.object({
      organisationId: z.string(),
      client_id: z.string(),
      client_secret: z.string(),
      appIdentifier: z.string(),
    }),
  ),
});
export type Endpoints = z.output<typeof endpointsSchema>;

/** The parts of a local cloud by the names that the functions' environment has for them. */
const FROM_ENVIRONMENT = {
  table: 'TABLE_NAME',
  openBatchesIndex: 'OPEN_BATCHES_INDEX',
  bucket: 'BUCKET_NAME',
  chunkQueueUrl: 'CHUNK_QUEUE_URL',
  stateMachineArn: 'STATE_MACHINE_ARN',
} as const;

export function describeEndpoints(cloud: LocalCloud, simulator: string, tenants: readonly Tenant[]): Endpoints {
  const { api, aws } = cloud.endpoints;
  const parts = Object.entries(FROM_ENVIRONMENT).flatMap(([name, variable]) => {
    const value = cloud.environmentOf(variable);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    api,
    simulator,
    local: aws,
    aws: {
      region: cloud.region,
      accessKeyId: 'local',
      secretAccessKey: 'local',
      dynamodb: aws,
      sqs: aws,
      sfn: aws,
      secretsManager: aws,
      s3: aws,
      ...Object.fromEntries(parts),
    },
    tenants: tenants.map(({ upstream: _, ...tenant }) => tenant),
  };
}

/** The file of the endpoints, and those with the headers of each tenant's calls as `curl -H @file` reads them. */
export interface EndpointFiles {
  readonly endpoints: string;
  readonly headers: ReadonlyMap<string, string>;
}

export const endpointFilesIn = (stateDir: string): EndpointFiles => ({
  endpoints: join(stateDir, 'endpoints.json'),
  headers: new Map(DEMO_ORGANISATIONS.map((name) => [name, join(stateDir, `${name}.headers`)])),
});

/** Writes the endpoints last, and whole or not at all: their being there means that everything answers. */
export function writeEndpoints(files: EndpointFiles, endpoints: Endpoints): void {
  mkdirSync(dirname(files.endpoints), { recursive: true });
  for (const tenant of endpoints.tenants) {
    const path = files.headers.get(tenant.organisationId);
    const lines = Object.entries(tenant).map(([name, value]) => `${name}: ${value}\n`);
    if (path !== undefined) writeFileSync(path, lines.join(''), { mode: 0o600 });
  }
  writeFileSync(`${files.endpoints}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${files.endpoints}.new`, files.endpoints);
}

/** Removes the files of an earlier run, or of this one when it ends. */
export function removeEndpoints({ endpoints, headers }: EndpointFiles): void {
  for (const path of [endpoints, ...headers.values()]) rmSync(path, { force: true });
}
