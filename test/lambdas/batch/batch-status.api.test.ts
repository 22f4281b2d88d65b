import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiUnderTest, apiUnderTest, OTHER_TENANT } from '#test/world/api-under-test.ts';

const guid = (row: number): string => `00000000-0000-4000-8000-${String(row).padStart(12, '0')}`;
const REFERENCE = 'three-hundred-rows';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  const consents_list = Array.from({ length: 300 }, (_, row) => ({ consent_id: guid(row + 1) }));
  await api.call('schedule-batch', { reference_id: REFERENCE, consents_list });
});
afterAll(() => api.close());

const data = async (query: object) =>
  (await api.call('batch-status', { reference_id: REFERENCE, ...query })).body['data'];

describe('pages', () => {
  test('have 100 records from the first on unless something else is asked for', async () => {
    expect(await data({})).toMatchObject({
      pagination: { page: 1, limit: 100, total: 300, total_pages: 3, has_next: true, has_prev: false },
      records: Array.from({ length: 100 }, (_, row) => ({ id: row + 1, consent_id: guid(row + 1) })),
    });
  });

  test('go across chunks', async () => {
    expect(await data({ page: 25, limit: 10 })).toMatchObject({
      records: expect.arrayContaining([expect.objectContaining({ id: 250 })]),
    });
    expect(await data({ page: 26, limit: 10 })).toMatchObject({
      records: Array.from({ length: 10 }, (_, row) => ({ id: 251 + row, consent_id: guid(251 + row) })),
    });
  });

  test('beyond the end are empty', async () => {
    expect(await data({ page: 31, limit: 10 })).toMatchObject({
      pagination: { page: 31, total_pages: 30, has_next: false, has_prev: true },
      records: [],
    });
  });

  test('take null for what is not given', async () => {
    expect(await data({ page: null, limit: null, filters: null, include_balances: null })).toMatchObject({
      pagination: { page: 1, limit: 100 },
    });
  });
});

describe('filters', () => {
  test('by status', async () => {
    expect(await data({ filters: { status: ['READY', 'FAILED'] } })).toMatchObject({ pagination: { total: 300 } });
    expect(await data({ filters: { status: ['COMPLETED'] } })).toMatchObject({ pagination: { total: 0 }, records: [] });
  });

  test('by retry eligibility, which rows that did not fail have none of', async () => {
    expect(await data({ filters: { retry_eligible: 'Yes' } })).toMatchObject({ pagination: { total: 0 } });
  });

  test('by a part of the consent_id, whatever its case', async () => {
    expect(await data({ filters: { search: '8000-00000000029' } })).toMatchObject({
      pagination: { total: 10 },
      records: Array.from({ length: 10 }, (_, row) => ({ id: 290 + row })),
    });
    expect(await data({ filters: { search: 'NOWHERE' } })).toMatchObject({ pagination: { total: 0 } });
  });
});

test('account_details are there, empty, when balances are asked for, and absent when not', async () => {
  expect(await data({ limit: 1, include_balances: true })).toMatchObject({ records: [{ account_details: [] }] });
  expect(JSON.stringify(await data({ limit: 1 }))).not.toContain('account_details');
});

describe('bad input', () => {
  test.each<[object, string]>([
    [{ page: 0 }, 'page'],
    [{ page: -1 }, 'page'],
    [{ page: 1.5 }, 'page'],
    [{ page: '1' }, 'page'],
    [{ page: 1e300 }, 'page'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ limit: '10' }, 'limit'],
    [{ limit: true }, 'limit'],
    [{ include_balances: 'true' }, 'include_balances'],
    [{ filters: [] }, 'filters'],
    [{ filters: 'FAILED' }, 'filters'],
    [{ filters: { status: 'FAILED' } }, 'filters.status'],
    [{ filters: { status: ['DONE'] } }, 'filters.status[0]'],
    [{ filters: { status: [{}] } }, 'filters.status[0]'],
    [{ filters: { retry_eligible: 'yes' } }, 'filters.retry_eligible'],
    [{ filters: { search: 42 } }, 'filters.search'],
    [{ filters: { search: 'x'.repeat(301) } }, 'filters.search'],
    [{ reference_id: 17 }, 'reference_id'],
  ])('%j is refused and names %s', async (query, field) => {
    const { status, body } = await api.call('batch-status', { reference_id: REFERENCE, ...query });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errorCode: 'InvalidRequest', errorDetails: { field } });
    expect(body['errorMsg']).toEqual(expect.stringContaining(field));
  });

  test('a missing reference_id is said to be missing', async () => {
    const { status, body } = await api.call('batch-status', {});
    expect({ status, body }).toMatchObject({ status: 400, body: { errorCode: 'MissingReferenceId' } });
  });
});

describe('a batch that is not there', () => {
  test('is 404 as documented', async () => {
    const { status, body } = await api.call('batch-status', { reference_id: 'batch-xyz' });
    expect(status).toBe(404);
    expect(body).toMatchObject({
      ver: '1.0',
      errorCode: 'BatchNotFound',
      errorMsg: "No batch found with reference_id 'batch-xyz'",
    });
  });

  test("is another organisation's", async () => {
    const { status } = await api.call('batch-status', { reference_id: REFERENCE }, OTHER_TENANT);
    expect(status).toBe(404);
  });
});
