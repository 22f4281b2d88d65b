import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiUnderTest, apiUnderTest, OTHER_TENANT, TENANT } from '#test/world/api-under-test.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

/** The example request of docs/spec/schedule-batch.md. */
const EXAMPLE = {
  reference_id: 'batch-20251110-001',
  consents_list: [
    {
      consent_id: '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7',
      fiDataRangeFrom: '2024-01-01T00:00:00Z',
      fiDataRangeTo: '2024-06-30T23:59:59Z',
      configId: 'analytics-config-1',
    },
    { consent_id: '7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d' },
    { consent_id: '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d', fiDataRangeTo: '2024-12-31T23:59:59Z' },
  ],
  fiDataRangeFrom: '2024-01-01T00:00:00Z',
  fiDataRangeTo: '2024-12-31T23:59:59Z',
  configId: 'analytics-config-default',
};

let api: ApiUnderTest;
let before: number;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());
beforeEach(async () => {
  before = (await api.table.items()).length;
});

const expectNothingWritten = async () => expect((await api.table.items()).length).toBe(before);

let references = 0;
const reference = (): string => {
  references += 1;
  return `reference-${references}`;
};

describe('a schedule call that is in order', () => {
  test("answers the specification's example as documented, and its records are there, READY", async () => {
    const { status, body } = await api.call('schedule-batch', EXAMPLE);
    expect(status).toBe(200);
    expect(body).toEqual({
      ver: '1.0',
      timestamp: expect.stringMatching(ISO_UTC),
      txnid: expect.stringMatching(UUID),
      status: 'success',
      message: 'Batch accepted and queued for processing',
      data: {
        reference_id: 'batch-20251110-001',
        batch_id: expect.stringMatching(UUID),
        status: 'READY',
        total_records: 3,
        tracking_url: '/bulk/status',
      },
    });
    const read = await api.call('batch-status', { reference_id: 'batch-20251110-001' });
    expect(read.status).toBe(200);
    expect(read.body).toEqual({
      ver: '1.0',
      timestamp: expect.stringMatching(ISO_UTC),
      txnid: expect.stringMatching(UUID),
      status: 'success',
      message: 'Bulk status retrieved successfully',
      data: {
        reference_id: 'batch-20251110-001',
        batch_id: expect.stringMatching(UUID),
        batch_status: 'READY',
        summary: { total: 3, ready: 3, in_progress: 0, completed: 0, failed: 0 },
        metadata: {
          file_name: null,
          submitted_at: expect.stringMatching(ISO_UTC),
          last_updated_at: expect.stringMatching(ISO_UTC),
          progress_percentage: 0,
          duplicate_consents: 0,
          global_config: {
            fiDataRangeFrom: '2024-01-01T00:00:00Z',
            fiDataRangeTo: '2024-12-31T23:59:59Z',
            configId: 'analytics-config-default',
          },
        },
        pagination: { page: 1, limit: 100, total: 3, total_pages: 1, has_next: false, has_prev: false },
        records: EXAMPLE.consents_list.map(({ consent_id }, index) => ({
          id: index + 1,
          consent_id,
          status: 'READY',
          retry_eligible: null,
          session_id: null,
          error: null,
        })),
      },
    });
  });

  test('queues a chunk of every 250 rows, and keeps duplicates as separate rows', async () => {
    const already = api.sent.length;
    const consents_list = Array.from({ length: 501 }, () => ({ consent_id: CONSENT }));
    const { body } = await api.call('schedule-batch', { reference_id: reference(), consents_list });
    expect(body).toMatchObject({
      message:
        'Batch accepted and queued for processing. 500 rows repeat a consent of an earlier row; each raises an FI request of its own.',
      data: { total_records: 501 },
    });
    expect(api.sent.slice(already)).toMatchObject([
      { organisationId: 'lender', chunk: 0, generation: 1 },
      { chunk: 1 },
      { chunk: 2 },
    ]);
  });

  test('tells how many rows repeat a consent, spelt in either case, in the status from then on', async () => {
    const reference_id = reference();
    const consents_list = [CONSENT, CONSENT.toUpperCase(), '7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d'].map(
      (consent_id) => ({
        consent_id,
      }),
    );
    const { body } = await api.call('schedule-batch', { reference_id, consents_list });
    expect(body['message']).toBe(
      'Batch accepted and queued for processing. 1 row repeats a consent of an earlier row; each raises an FI request of its own.',
    );
    const read = await api.call('batch-status', { reference_id });
    expect(read.body['data']).toMatchObject({ metadata: { duplicate_consents: 1 } });
  });

  test.each([
    ['a date without a time', { fiDataRangeFrom: '2024-01-01' }],
    ['an offset', { fiDataRangeFrom: '2024-01-01T00:00:00+05:30' }],
    [
      'the same instant at both ends, in two zones',
      {
        fiDataRangeFrom: '2024-01-01T05:30:00+05:30',
        fiDataRangeTo: '2024-01-01T00:00:00Z',
      },
    ],
    ['null for what is not given', { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null }],
    ['fields that nobody knows', { toString: 1, constructor: {}, hello: 'world' }],
  ])('takes %s', async (_, fields) => {
    const { status } = await api.call('schedule-batch', {
      reference_id: reference(),
      consents_list: [{ consent_id: CONSENT }],
      ...fields,
    });
    expect(status).toBe(200);
  });
});

describe('bad input', () => {
  const good = () => ({ reference_id: reference(), consents_list: [{ consent_id: CONSENT }] });
  const rows = (row: unknown, at: number) =>
    Array.from({ length: at + 1 }, (_, index) => (index === at ? row : { consent_id: CONSENT }));

  test.each<[string, () => unknown, string, unknown, RegExp?]>([
    ['no reference_id', () => ({ consents_list: [] }), 'MissingReferenceId', undefined, /^reference_id is required$/],
    ['an empty reference_id', () => ({ ...good(), reference_id: '' }), 'MissingReferenceId', undefined],
    ['a null reference_id', () => ({ ...good(), reference_id: null }), 'MissingReferenceId', undefined],
    [
      'a number as reference_id',
      () => ({ ...good(), reference_id: 12345 }),
      'InvalidRequest',
      { field: 'reference_id' },
    ],
    ['a reference_id of 4', () => ({ ...good(), reference_id: 'abcd' }), 'InvalidRequest', { field: 'reference_id' }],
    [
      'a reference_id of 61',
      () => ({ ...good(), reference_id: 'a'.repeat(61) }),
      'InvalidRequest',
      { field: 'reference_id' },
    ],
    [
      'a space in reference_id',
      () => ({ ...good(), reference_id: 'a b c d' }),
      'InvalidRequest',
      { field: 'reference_id' },
    ],
    [
      'a line end after reference_id',
      () => ({ ...good(), reference_id: 'abcde\n' }),
      'InvalidRequest',
      { field: 'reference_id' },
    ],
    ['no consents_list', () => ({ reference_id: reference() }), 'InvalidRequest', { field: 'consents_list' }],
    [
      'an object as consents_list',
      () => ({ ...good(), consents_list: {} }),
      'InvalidRequest',
      { field: 'consents_list' },
    ],
    [
      'an empty consents_list',
      () => ({ ...good(), consents_list: [] }),
      'InvalidRequest',
      { field: 'consents_list', provided: 0, min: 1 },
    ],
    [
      '15,000 rows',
      () => ({ ...good(), consents_list: Array.from({ length: 15_000 }, () => ({ consent_id: CONSENT })) }),
      'InvalidRequest',
      { field: 'consents_list', provided: 15_000, max: 10_000 },
      /^consents_list cannot exceed 10,000 records$/,
    ],
    [
      'a consent_id that is no GUID, in row 14',
      () => ({ ...good(), consents_list: rows({ consent_id: 'nonsense' }, 13) }),
      'InvalidRequest',
      { field: 'consents_list[13].consent_id', row: 14 },
      /consents_list\[13\]\.consent_id must be a GUID/,
    ],
    [
      'a row without consent_id',
      () => ({ ...good(), consents_list: rows({}, 2) }),
      'InvalidRequest',
      { field: 'consents_list[2].consent_id', row: 3 },
      /is required/,
    ],
    [
      'a row that is a text',
      () => ({ ...good(), consents_list: rows(CONSENT, 0) }),
      'InvalidRequest',
      { field: 'consents_list[0]', row: 1 },
    ],
    [
      'a row that is null',
      () => ({ ...good(), consents_list: rows(null, 0) }),
      'InvalidRequest',
      { field: 'consents_list[0]', row: 1 },
    ],
    [
      'a day that is not in the calendar',
      () => ({ ...good(), consents_list: rows({ consent_id: CONSENT, fiDataRangeFrom: '2024-02-30T00:00:00Z' }, 1) }),
      'InvalidRequest',
      { field: 'consents_list[1].fiDataRangeFrom', row: 2 },
    ],
    [
      'a time without a zone',
      () => ({ ...good(), fiDataRangeFrom: '2024-02-01T00:00:00' }),
      'InvalidRequest',
      { field: 'fiDataRangeFrom' },
    ],
    ['a number as date', () => ({ ...good(), fiDataRangeTo: 20240101 }), 'InvalidRequest', { field: 'fiDataRangeTo' }],
    ['a configId of 129', () => ({ ...good(), configId: 'c'.repeat(129) }), 'InvalidRequest', { field: 'configId' }],
    [
      'a global range that runs backwards',
      () => ({ ...good(), fiDataRangeFrom: '2024-02-01', fiDataRangeTo: '2024-01-01' }),
      'InvalidDateRange',
      { field: 'fiDataRangeFrom' },
    ],
    [
      'an override that turns the range around',
      () => ({
        ...good(),
        fiDataRangeFrom: '2024-02-01',
        consents_list: rows({ consent_id: CONSENT, fiDataRangeTo: '2024-01-01' }, 4),
      }),
      'InvalidDateRange',
      { field: 'consents_list[4].fiDataRangeTo', row: 5 },
    ],
    ['a body that is no JSON', () => '{"reference_id": ', 'InvalidRequest', { field: 'body' }],
    ['an empty body', () => '', 'InvalidRequest', { field: 'body' }],
    ['an array', () => '[1, 2]', 'InvalidRequest', { field: 'body' }],
    ['a scalar', () => '42', 'InvalidRequest', { field: 'body' }],
    ['null', () => 'null', 'InvalidRequest', { field: 'body' }],
    ['only a prototype', () => '{"__proto__": {"reference_id": "abcdef"}}', 'MissingReferenceId', undefined],
  ])('%s is refused, named, and leaves nothing behind', async (_, body, code, details, message = /./) => {
    const answer = await api.call('schedule-batch', body());
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ ver: '1.0', errorCode: code, errorMsg: expect.stringMatching(message) });
    expect(answer.body['errorDetails']).toEqual(details);
    await expectNothingWritten();
  });

  test('every fault is counted, and the first hundred are listed, each with its row and field', async () => {
    const consents_list = [
      { consent_id: CONSENT },
      { consent_id: 'x', configId: 7 },
      ...Array.from({ length: 9_998 }, () => ({})),
    ];
    const { status, body } = await api.call('schedule-batch', { reference_id: reference(), consents_list });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errorCode: 'InvalidRequest',
      errorMsg: expect.stringMatching(/^consents_list\[1\]\.configId must be a string/),
      errorDetails: { field: 'consents_list[1].configId', row: 2 },
      errorCount: 10_000,
      errors: [
        { row: 2, field: 'consents_list[1].configId', message: body['errorMsg'] },
        { row: 2, field: 'consents_list[1].consent_id', message: expect.stringMatching(/must be a GUID/) },
        ...Array.from({ length: 98 }, (_, index) => ({
          row: index + 3,
          field: `consents_list[${index + 2}].consent_id`,
          message: `consents_list[${index + 2}].consent_id is required`,
        })),
      ],
    });
    await expectNothingWritten();
  });

  test('faults of the defaults are listed before those of rows, without a row', async () => {
    const request = { ...good(), fiDataRangeFrom: 'x', configId: '', consents_list: [{ consent_id: 'x' }] };
    const { body } = await api.call('schedule-batch', request);
    expect(body).toMatchObject({
      errorDetails: { field: 'fiDataRangeFrom' },
      errors: [
        { row: null, field: 'fiDataRangeFrom' },
        { row: null, field: 'configId' },
        { row: 1, field: 'consents_list[0].consent_id' },
      ],
      errorCount: 3,
    });
  });

  test('a content type that is not JSON is refused', async () => {
    const { status, body } = await api.call('schedule-batch', good(), { 'Content-Type': 'text/plain' });
    expect({ status, body }).toMatchObject({ status: 400, body: { errorDetails: { field: 'Content-Type' } } });
    await expectNothingWritten();
  });
});

describe('a reference that is taken', () => {
  test('is 409, as documented, and stays what it was', async () => {
    const taken = reference();
    const request = { reference_id: taken, consents_list: [{ consent_id: CONSENT }] };
    await api.call('schedule-batch', request);
    const { status, body } = await api.call('schedule-batch', request);
    expect(status).toBe(409);
    expect(body).toMatchObject({
      errorCode: 'DuplicateReferenceId',
      errorMsg: `reference_id '${taken}' already exists`,
    });
  });

  test('is free for another organisation', async () => {
    const taken = reference();
    const request = { reference_id: taken, consents_list: [{ consent_id: CONSENT }] };
    await api.call('schedule-batch', request);
    expect((await api.call('schedule-batch', request, OTHER_TENANT)).status).toBe(200);
  });

  test('is won by exactly one of twenty that ask at once, and the others leave nothing behind', async () => {
    const request = { reference_id: reference(), consents_list: [{ consent_id: CONSENT }] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.call('schedule-batch', request)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(19).fill(409)]);
    const mine = (await api.table.items()).filter((item) => JSON.stringify(item).includes(request.reference_id));
    expect(mine.map(({ sk }) => String(sk).split('#')[0]).toSorted()).toEqual(['BATCH', 'STATE']);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'Idempotency-Key': 'nightly-2024-11-10' };

  test('gives the first answer again to the same content, and 409 to another', async () => {
    const request = { reference_id: reference(), consents_list: [{ consent_id: CONSENT }] };
    const first = await api.call('schedule-batch', request, key);
    const again = await api.call('schedule-batch', request, key);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers).toMatchObject({ 'Idempotent-Replayed': 'true' });
    expect(first.headers).not.toHaveProperty('Idempotent-Replayed');
    const other = { ...request, configId: 'another' };
    expect((await api.call('schedule-batch', other, key)).status).toBe(409);
    expect((await api.call('schedule-batch', request)).status).toBe(409);
  });

  test.each(['', 'k'.repeat(256)])('must have 1 to 255 characters', async (value) => {
    const request = { reference_id: reference(), consents_list: [{ consent_id: CONSENT }] };
    const { status, body } = await api.call('schedule-batch', request, { 'Idempotency-Key': value });
    expect({ status, body }).toMatchObject({ status: 400, body: { errorDetails: { field: 'Idempotency-Key' } } });
  });
});

test('the tenant of the tests has a secret that the table does not hold', async () => {
  expect(JSON.stringify(await api.table.items())).not.toContain(TENANT.client_secret);
  expect(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).not.toContain(TENANT.client_secret);
});
