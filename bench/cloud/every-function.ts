import { PutObjectCommand, S3Client, waitUntilObjectExists } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { MAXIMUM_LIMIT } from '#lambdas/batch/batch-status/handler.ts';
import { MAXIMUM_FILE_BYTES } from '#lambdas/batch/file.ts';
import { consentsOf, ROWS } from '../subject.ts';
import { type MeasuredCloud, untilCompleted } from './cloud-batch.ts';
import { largeCsv, largeJson, largeRows } from './largest-inputs.ts';

/** What API Gateway and Lambda let through in a form. */
const FORM_BYTES = 4_400_000;
/** A container's memory grows with its first calls, until V8 cleans up: so often are calls with much to do made, and those with little. */
const LARGE_CALLS = 3;
const SMALL_CALLS = 500;
const ACCOUNTS = 3;
/** Unscaled. All rows of a chunk are then ready at once, for one call of advance-chunk. */
const READY_AFTER_SECONDS = 5;
const PATIENCE_SECONDS = 300;

const upload = z.object({ data: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }) });

type Call = (
  path: string,
  body: object,
  options?: { readonly key?: string; readonly status?: number },
) => Promise<unknown>;

/**
 * Gives every function of the product the largest input that it can have, and some of it again, as a container gets it that lives on. Four
 * batches of 10,000 rows are open at once meanwhile, which is what recovery reads, and are completed in the end.
 */
export async function callEveryFunction(cloud: MeasuredCloud): Promise<void> {
  const consents = consentsOf(4 * ROWS);
  const part = (number: number): string[] => consents.slice(number * ROWS, (number + 1) * ROWS);
  const [fetched, inForm, presigned, dropped] = [part(0), part(1), part(2), part(3)];
  await setScenarios(cloud, fetched, [...inForm, ...presigned], dropped);
  const call = callsOf(cloud);
  await scheduleBatch(call, fetched);
  await uploadForm(call, inForm);
  await uploadToS3(call, presigned);
  await Promise.all([
    dropFile(cloud, dropped),
    oneByOne(SMALL_CALLS, (time) => requestUpload(call, `reserved-${time}`)),
    oneByOne(SMALL_CALLS, () => call('/v1/unknown', {}, { status: 404 })),
  ]);
  for (const reference of ['as-json', 'in-a-form', 'straight-to-s3', 'dropped']) {
    await untilCompleted(cloud.api, reference);
  }
  await Promise.all([
    askForStatus(call, fetched),
    oneByOne(SMALL_CALLS, (time) => call('/consent/firequest/status', { consentId: fetched[time] })),
  ]);
}

async function oneByOne(times: number, act: (time: number) => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await act(time);
}

/** Calls of the API. They reject with the answer's text when it has another status than 200, or than the one expected. */
const callsOf =
  ({ environment, tenant: { upstream: _, ...credentials } }: MeasuredCloud): Call =>
  async (path, body, { key, status = 200 } = {}) => {
    const isForm = body instanceof FormData;
    const answer = await fetch(new URL(path, environment.endpoints.api), {
      method: 'POST',
      headers: {
        ...credentials,
        ...(isForm ? {} : { 'Content-Type': 'application/json' }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      body: isForm ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`POST ${path} was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };

/** Rows that are refused at once do not need much time; those that time out leave a report for advance-chunk to write. */
async function setScenarios(
  { upstream }: MeasuredCloud,
  fetched: readonly string[],
  refused: readonly string[],
  timedOut: readonly string[],
): Promise<void> {
  const ready = { scenario: 'ready', readyAfterSeconds: READY_AFTER_SECONDS, accounts: ACCOUNTS };
  await upstream.register(fetched.map((consentId) => ({ consentId, ...ready })));
  await upstream.register(refused.map((consentId) => ({ consentId, scenario: 'revoked' })));
  await upstream.register(timedOut.map((consentId) => ({ consentId, ...ready, scenario: 'timeout' })));
}

/** Repeated by its key, a call is read and compared in full, but starts no further batch. */
const scheduleBatch = (call: Call, consents: readonly string[]): Promise<void> => {
  const body = { reference_id: 'as-json', consents_list: largeRows(consents) };
  return oneByOne(LARGE_CALLS, () => call('/v2/schedule/fi/requests', body, { key: 'as-json' }));
};

const uploadForm = (call: Call, consents: readonly string[]): Promise<void> => {
  const form = new FormData();
  form.set('reference_id', 'in-a-form');
  form.set('file', new File([largeCsv(largeRows(consents), FORM_BYTES)], 'large.csv', { type: 'text/csv' }));
  return oneByOne(LARGE_CALLS, () => call('/fi/requests/schedule/upload/v3', form, { key: 'in-a-form' }));
};

const requestUpload = async (call: Call, reference_id: string) => {
  const body = { reference_id, file_name: 'large.csv', content_type: 'text/csv' };
  return upload.parse(await call('/fi/requests/schedule/upload/v3/presign', body)).data;
};

async function uploadToS3(call: Call, consents: readonly string[]): Promise<void> {
  const { url, fields } = await requestUpload(call, 'straight-to-s3');
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new File([largeCsv(largeRows(consents), MAXIMUM_FILE_BYTES)], 'large.csv'));
  const answer = await fetch(url, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`S3 answered ${answer.status}: ${await answer.text()}`);
}

/** Puts a file into the drop folder. Resolves when the report on it lies there, with all of its rows. */
async function dropFile({ environment, tenant }: MeasuredCloud, consents: readonly string[]): Promise<void> {
  const { cloud } = environment;
  const client = new S3Client({ ...cloud.clientOptions, forcePathStyle: true });
  try {
    const Bucket = cloud.environmentOf('BUCKET_NAME');
    const name = `${tenant.organisationId}/dropped.json`;
    const Body = largeJson(largeRows(consents), MAXIMUM_FILE_BYTES);
    await client.send(new PutObjectCommand({ Bucket, Key: `drop/${name}`, Body }));
    const patience = { client, maxWaitTime: PATIENCE_SECONDS, minDelay: 1, maxDelay: 1 };
    await waitUntilObjectExists(patience, { Bucket, Key: `drop-reports/${name}` });
  } finally {
    client.destroy();
  }
}

/** Every page of a batch with its balances, then searches, which read all of its rows. */
async function askForStatus(call: Call, consents: readonly string[]): Promise<void> {
  const query = { reference_id: 'as-json', limit: MAXIMUM_LIMIT, include_balances: true };
  const pages = ROWS / MAXIMUM_LIMIT;
  await oneByOne(pages, (page) => call('/bulk/status', { ...query, page: page + 1 }));
  await oneByOne(pages, (time) =>
    call('/bulk/status', { ...query, filters: { search: consents[time]?.slice(0, 1) ?? '' } }),
  );
}
