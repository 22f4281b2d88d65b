import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ANSWER } from '#lambdas/platform/http/answer-headers.ts';
import { type Answer, type ApiUnderTest, apiUnderTest, OTHER_TENANT } from '#test/world/api-under-test.ts';

const BATCHES = 100;
/** Each is counted, by a write to one item, which the stand-in for DynamoDB does one after the other. */
const ASKED = 2_000;
const guid = (row: number): string => `00000000-0000-4000-8000-${String(row).padStart(12, '0')}`;
const statusOf = (reference_id: string, headers = {}) => api.call('batch-status', { reference_id }, headers);
const schedule = (reference_id: string, rows: number, headers = {}) => {
  const consents_list = Array.from({ length: rows }, (_, row) => ({ consent_id: guid(row + 1) }));
  return api.call('schedule-batch', { reference_id, consents_list }, headers);
};

/** What is left of an answer when all that differs from call to call is taken out of it. */
const withoutIds = ({ status, headers, body: { txnid, timestamp, ...body } }: Answer, referenceId: string): string => {
  expect([txnid, timestamp]).toEqual([expect.any(String), expect.any(String)]);
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('X-RateLimit-'));
  return JSON.stringify({ status, headers: Object.fromEntries(own), body }).replaceAll(referenceId, '<reference>');
};

let api: ApiUnderTest;
let ofTheOther: readonly string[];
beforeAll(async () => {
  api = await apiUnderTest();
  // Clients look for their endpoint at their first call: nobody reads the record of the table's calls here, and it takes its time.
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = api.table.endpoint;
  ofTheOther = Array.from({ length: BATCHES }, () => `batch-${randomUUID()}`);
  await pMap(ofTheOther, (reference) => schedule(reference, 3), { concurrency: 10 });
});
afterAll(() => api.close());

describe('the batches of another organisation', () => {
  test('are not to be told from none at all, in 4,000 tries', async () => {
    const [example = ''] = ofTheOther;
    expect((await statusOf(example)).status).toBe(200);
    const references = Array.from({ length: ASKED }, (_, index) =>
      index % 2 === 0 ? (ofTheOther[(index / 2) % BATCHES] ?? '') : `batch-${randomUUID()}`,
    );
    const answers = await pMap(
      references,
      async (reference) => withoutIds(await statusOf(reference, OTHER_TENANT), reference),
      { concurrency: 25 },
    );
    expect([...new Set(answers)].map((answer): unknown => JSON.parse(answer))).toEqual([
      {
        status: 404,
        headers: { 'Content-Type': 'application/json', ...EVERY_ANSWER },
        body: {
          ver: '1.0',
          errorCode: 'BatchNotFound',
          errorMsg: "No batch found with reference_id '<reference>'",
        },
      },
    ]);
  }, 120_000);

  test('leave their references free, and stay as they are when one is used', async () => {
    const [reference = ''] = ofTheOther;
    expect((await schedule(reference, 5, OTHER_TENANT)).status).toBe(200);
    expect((await statusOf(reference, OTHER_TENANT)).body['data']).toMatchObject({ summary: { total: 5 } });
    expect((await statusOf(reference)).body['data']).toMatchObject({ summary: { total: 3 } });
  });
});
