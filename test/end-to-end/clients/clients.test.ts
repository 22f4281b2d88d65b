import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { z } from 'zod';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { Backstage, PATIENCE } from '../backstage.ts';
import { guidOf, Product } from '../product.ts';
import { sharedAssembly } from '../shared-assembly.ts';
import { awsCli } from './aws-cli.ts';
import { awsSdk } from './aws-sdk.ts';
import { axiosClient } from './axios.ts';
import type { Client, Destination } from './client.ts';
import { curlClient } from './curl.ts';
import { findProgram } from './program.ts';
import { requestsClient } from './python-requests.ts';
import { undici } from './undici.ts';

const stopping = new AbortController();
const [curl, python, aws] = await Promise.all([
  findProgram('curl', stopping.signal),
  findProgram('python', stopping.signal),
  findProgram('aws', stopping.signal),
]);
console.log([curl, python, aws].map(({ version }) => version).join('\n'));

/** What people upload files with. A way that isn't there is one that the client hasn't. */
const CLIENTS: readonly Client[] = [curlClient(curl), undici, axiosClient, requestsClient(python), awsSdk, awsCli(aws)];

/** The rows of each file: three whose data is ready, one whose consent is revoked, one that isn't valid. */
const SUMMARY = { total: 5, ready: 0, in_progress: 0, completed: 3, failed: 2 };
/** Clients write names of more than ASCII into a form each in its way. */
const FILE_NAME = 'सहमति ₹.csv';
/** The AWS CLI uploads what is larger than 8 MiB in parts of that size. */
const PARTS_BYTES = 9_000_000;
/** Between two looks at a batch, in milliseconds. Five tests look at once, all within the rate limit of one organisation. */
const INTERVAL = 500;

let environment: Environment;
let product: Product;
let backstage: Backstage;
let destination: Destination;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clients-'));
  environment = await startEnvironment({ timeScale: 0.02, assembly: await sharedAssembly() });
  const { api, aws: endpoints } = environment.endpoints;
  product = new Product(environment.endpoints, environment.tenants[0]);
  const { organisationId, client_id, client_secret, appIdentifier } = product.tenant;
  backstage = new Backstage(environment, organisationId);
  const inAws = z.object({ s3: z.string(), region: z.string(), bucket: z.string() }).parse(endpoints);
  destination = {
    ...inAws,
    api,
    headers: { organisationId, client_id, client_secret, appIdentifier },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
});
afterAll(async () => {
  stopping.abort();
  backstage.close();
  await environment.close();
  await rm(folder, { recursive: true });
});

/** Writes a file of consents of its own, with a column that the product ignores to make it so large. Returns its path. */
async function writeCsv(name: string, bytes = 0): Promise<string> {
  const ready = [1, 2, 3].map((row) => guidOf(`${name}-${row}`));
  const revoked = guidOf(`${name}-revoked`);
  const consents = [
    ...ready.map((consentId) => ({ consentId, scenario: 'ready', readyAfterSeconds: 1 })),
    { consentId: revoked, scenario: 'revoked' },
  ];
  await product.control('PUT', '/_sim/consents', { consents });
  const note = 'x'.repeat(bytes / SUMMARY.total);
  const lines = [...ready, revoked, 'no-consent'].map((consentId) => `${consentId},${note}\n`);
  const path = join(await mkdtemp(join(folder, 'file-')), FILE_NAME);
  await writeFile(path, `consentId,note\n${lines.join('')}`);
  return path;
}

const uploadOf = async (referenceId: string) => ({
  path: await writeCsv(referenceId),
  fileName: FILE_NAME,
  contentType: 'text/csv',
  fields: { reference_id: referenceId, global_config: '{"configId":"of-all-rows"}' },
});

/** Waits for the end of the batch of a file. It is unknown, or has no rows, until S3 has announced the file. */
async function expectCompleted(
  { expect }: TestContext,
  referenceId: string,
  fileName: string,
  configId: string | null,
) {
  const look = async () => (await product.post('/bulk/status', { reference_id: referenceId, limit: 1 })).body;
  const metadata = { file_name: fileName, global_config: { configId } };
  await expect
    .poll(look, { interval: INTERVAL, timeout: PATIENCE * 1000 })
    .toMatchObject({ data: { batch_status: 'COMPLETED', summary: SUMMARY, metadata } });
}

/** Drops a file, and waits for the end of its batch and for the report. */
async function expectDropped(
  context: TestContext,
  drop: NonNullable<Client['drop']>,
  referenceId: string,
  path: string,
): Promise<void> {
  const name = `${referenceId}.csv`;
  await drop({ path, key: `drop/${product.tenant.organisationId}/${name}` }, destination);
  await expectCompleted(context, referenceId, name, null);
  const { total, completed, failed } = SUMMARY;
  const report: unknown = JSON.parse(await backstage.report(referenceId));
  context.expect(report).toMatchObject({ outcome: 'COMPLETED', summary: { total, completed, failed } });
}

/** Loudly: the reason stands with the skipped test, and at the end of the run. */
const skipWhereMissing = ({ missing }: Pick<Client, 'missing'>, { skip }: TestContext): void => {
  if (missing !== null) skip(missing);
};

const referenceTo = ({ name }: Client, way: string): string => `${name} ${way}`.replaceAll(/\W+/g, '-');

describe.concurrent('a file comes in', () => {
  const senders = CLIENTS.flatMap((client) => (client.form ? [{ ...client, form: client.form }] : []));
  test.for(senders)('by the form, with $name', async (client, context) => {
    skipWhereMissing(client, context);
    const referenceId = referenceTo(client, 'form');
    const answer = await client.form(await uploadOf(referenceId), destination);
    context.expect(answer).toMatchObject({ data: { reference_id: referenceId, status: 'FILE_UPLOADED' } });
    await expectCompleted(context, referenceId, FILE_NAME, 'of-all-rows');
  });

  const askers = CLIENTS.flatMap((client) => (client.presigned ? [{ ...client, presigned: client.presigned }] : []));
  test.for(askers)('by a presigned form, with $name', async (client, context) => {
    skipWhereMissing(client, context);
    const referenceId = referenceTo(client, 'presigned');
    await client.presigned(await uploadOf(referenceId), destination);
    await expectCompleted(context, referenceId, FILE_NAME, 'of-all-rows');
  });

  const droppers = CLIENTS.flatMap((client) => (client.drop ? [{ ...client, drop: client.drop }] : []));
  test.for(droppers)('by the drop folder, with $name', async (client, context) => {
    skipWhereMissing(client, context);
    const referenceId = referenceTo(client, 'drop');
    await expectDropped(context, client.drop, referenceId, await writeCsv(referenceId));
  });

  test('of 9 MB in parts by the drop folder, with the AWS CLI', async (context) => {
    skipWhereMissing(aws, context);
    const { drop } = awsCli(aws);
    await expectDropped(context, drop, 'AWS-CLI-parts', await writeCsv('AWS-CLI-parts', PARTS_BYTES));
    const meter = await fetch(`${environment.endpoints.local}/_local/meter`);
    context.expect(await meter.json()).toMatchObject({ calls: { s3: { UploadPart: 2, CompleteMultipartUpload: 1 } } });
  });
});
