import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LocalCloud } from './cloud.ts';
import type { Tenant } from './tenants.ts';

/** What `endpoints.json` says, for programs that use a running local cloud. */
export interface Endpoints {
  readonly api: string;
  readonly simulator: string;
  /** Has `/_local/meter` (GET, DELETE) and `/_local/calls` (GET). */
  readonly local: string;
  readonly aws: Readonly<Record<string, string>>;
  readonly tenants: readonly Omit<Tenant, 'upstream'>[];
}

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

/** Writes the file whole or not at all: its being there means that everything answers. */
export function writeEndpoints(path: string, endpoints: Endpoints): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Removes the file of an earlier run, or of this one when it ends. */
export const removeEndpoints = (path: string): void => rmSync(path, { force: true });
