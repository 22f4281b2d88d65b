import { readFile } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { apiClient, type BatchStatusAnswer } from '#cli/api-client.ts';
import { countFailures } from '#cli/demo-report.ts';
import { storeSimulatorCredentials } from '#cli/simulator-credentials.ts';
import { startSimulator } from '#simulator/server.ts';
import { follow, type StartedBatch, startBatches } from './batches.ts';
import { createDeployedClient } from './deployed-client.ts';
import { bootstrap, deploy, emulatedApi, STACK, type StackOutputs, synthesize } from './deployed-stack.ts';
import { allowBatchesOfMessages, simplifyAlarms } from './emulator-gaps.ts';
import { type Emulator, installEmulator, startEmulator } from './ministack.ts';
import { makeWorkplace, REGION, ROOT, type Workplace } from './workplace.ts';

const ORGANISATION = 'verify-lender';

/**
 * Deploys the app to an AWS emulator and runs a batch through each way in. Prints its steps and the batches' outcomes;
 * leaves nothing behind, whatever happens.
 * @throws Error when a step fails or takes too long
 */
export async function verifyDeployment(python: string, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const startedAt = performance.now();
  const workplace = await makeWorkplace();
  stack.defer(() => workplace.remove());
  const simulator = await startSimulator({ port: 0, timeScale: 1 });
  stack.defer(() => simulator.close());

  await step(`Installing the emulator (${python}, PyPI)`, () => installEmulator(python, workplace, signal));
  const emulator = await step('Starting the emulator, with TLS and IAM enforced', () =>
    startEmulator(workplace, signal),
  );
  stack.defer(() => emulator.stop());
  try {
    await step('cdk bootstrap', () => bootstrap(emulator, workplace, signal));
    const template = await step('cdk synth', () => synthesize(emulator, workplace, simulator.url, signal));
    const simplified = await simplifyAlarms(template);
    if (simplified > 0) console.log(`  (${simplified} alarms simplified, since the emulator supports only plain ones)`);
    const outputs = await step('cdk deploy', () => deploy(emulator, workplace, signal));
    await useDeployed(emulator, outputs, simulator.url, workplace, signal);
  } catch (error) {
    console.error(await loggedErrors(emulator));
    throw error;
  }
  console.log(`The deployment works. Total: ${seconds(startedAt)} s.`);
}

async function useDeployed(
  emulator: Emulator,
  outputs: StackOutputs,
  simulator: string,
  workplace: Workplace,
  signal: AbortSignal,
): Promise<void> {
  const connection = { endpoint: emulator.url, region: REGION, credentials: ROOT };
  const [sqs, s3] = [new SQSClient(connection), new S3Client({ ...connection, forcePathStyle: true })];
  try {
    await allowBatchesOfMessages(sqs, outputs.ChunkQueueUrl, STACK);
    const client = await step('Creating an API client and its upstream credentials', async () => {
      await storeSimulatorCredentials(connection, ORGANISATION);
      return createDeployedClient(emulator, outputs, ORGANISATION, signal);
    });
    const api = apiClient(emulatedApi(emulator, outputs), client);
    const drop = { s3, bucket: outputs.BucketName, organisationId: ORGANISATION };
    const summaries = await step('A batch through each way in', async () => {
      const startedAt = performance.now();
      const batches = await startBatches(api, simulator, drop, workplace);
      const ended = batches.map(async (batch) => {
        const status = await follow(api, batch, signal);
        return summary(batch, status, seconds(startedAt));
      });
      return Promise.all(ended);
    });
    console.log(summaries.join('\n'));
    const QueueUrl = outputs.ChunkDeadLetterQueueUrl;
    const AttributeNames = ['ApproximateNumberOfMessages' as const];
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    if (Attributes?.['ApproximateNumberOfMessages'] !== '0') throw new Error('the dead-letter queue has messages');
  } finally {
    sqs.destroy();
    s3.destroy();
  }
}

function summary({ way, referenceId }: StartedBatch, status: BatchStatusAnswer, took: string): string {
  const { total, completed, failed } = status.summary;
  const failures = countFailures(status.records).map(
    ({ code, retryEligible, rows }) => `${rows} ${code}/${retryEligible}`,
  );
  return `  ${way.padEnd(20)} ${status.batch_status}: ${completed} of ${total} rows completed, ${failed} failed (${failures.join(', ')}) after ${took} s  [${referenceId}]`;
}

async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  process.stdout.write(`${what} … `);
  const done = await act();
  console.log(`${seconds(startedAt)} s`);
  return done;
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

const LINES = 30;

/** The last errors that the functions and the emulator logged. */
async function loggedErrors({ log }: Emulator): Promise<string> {
  const lines = (await readFile(log, 'utf8')).split('\n');
  const errors = lines.filter((line) => /"level":"(ERROR|WARN)"|\b(ERROR|WARNING|Traceback|AccessDenied)\b/.test(line));
  return ['', 'The last errors that the emulator and the functions logged:', ...errors.slice(-LINES)].join('\n');
}
