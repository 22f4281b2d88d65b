import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from './child.ts';
import type { Emulator } from './ministack.ts';
import { ACCOUNT, isolatedEnvironment, PROJECT, REGION, ROOT, type Workplace } from './workplace.ts';

const BOOTSTRAP_SECONDS = 120;
const SYNTH_SECONDS = 180;
const DEPLOY_SECONDS = 180;

/** The stack's name without a stage in the context. */
export const STACK = 'bulk-data-fetch-dev';
const ASSEMBLY = 'cdk.out';

/** The stack outputs that we need (`docs/deploy.md`). */
const outputsSchema = z.object({
  ApiUrl: z.url(),
  TableName: z.string(),
  BucketName: z.string(),
  ChunkQueueUrl: z.url(),
  ChunkDeadLetterQueueUrl: z.url(),
});
export type StackOutputs = z.output<typeof outputsSchema>;

/** The environment of a command that must reach the emulator instead of AWS. */
export const environmentFor = ({ url, certificates }: Emulator): NodeJS.ProcessEnv => ({
  ...isolatedEnvironment(),
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
  AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
  AWS_REGION: REGION,
  // For the SDK and for the CDK.
  NODE_EXTRA_CA_CERTS: certificates,
  AWS_CA_BUNDLE: certificates,
  CDK_DISABLE_CLI_TELEMETRY: 'true',
});

const cdk = (...args: string[]): string[] => [
  process.execPath,
  join(PROJECT, 'node_modules/aws-cdk/bin/cdk'),
  '--no-notices',
  '--ci',
  ...args,
];

/** `cdk bootstrap`, which a new account needs once. */
export async function bootstrap(emulator: Emulator, workplace: Workplace, signal: AbortSignal): Promise<void> {
  // Outside the folder of cdk.json, so that the app isn't synthesized for it.
  const options = { cwd: workplace.path(), env: environmentFor(emulator), signal };
  await run(cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`), options, BOOTSTRAP_SECONDS);
}

/** `cdk synth` of the app with the simulator as its upstream. Returns the path of the template. */
export async function synthesize(
  emulator: Emulator,
  workplace: Workplace,
  finproBaseUrl: string,
  signal: AbortSignal,
): Promise<string> {
  const options = { cwd: PROJECT, env: environmentFor(emulator), signal };
  const context = ['--context', `finproBaseUrl=${finproBaseUrl}`];
  await run(cdk('synth', '--quiet', '--output', workplace.path(ASSEMBLY), ...context), options, SYNTH_SECONDS);
  return workplace.path(ASSEMBLY, `${STACK}.template.json`);
}

/** `cdk deploy` of what was synthesized. */
export async function deploy(emulator: Emulator, workplace: Workplace, signal: AbortSignal): Promise<StackOutputs> {
  const options = { cwd: workplace.path(), env: environmentFor(emulator), signal };
  const outputs = workplace.path('outputs.json');
  const paths = ['--app', workplace.path(ASSEMBLY), '--outputs-file', outputs];
  await run(cdk('deploy', '--require-approval', 'never', ...paths, STACK), options, DEPLOY_SECONDS);
  const stacks = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(outputs, 'utf8')));
  return outputsSchema.parse(stacks[STACK]);
}

/** The deployed API's URL in the emulator, instead of its AWS host. */
export function emulatedApi({ url }: Emulator, { ApiUrl }: Pick<StackOutputs, 'ApiUrl'>): string {
  const { hostname, pathname } = new URL(ApiUrl);
  return `${url}/_aws/execute-api/${hostname.split('.')[0]}${pathname}`;
}
