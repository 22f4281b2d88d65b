import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';

/** What becomes of a row in each of the simulator's scenarios (docs/spec/upstream.md, failure table). */
const SCENARIOS = [
  { scenario: 'ready', status: 'COMPLETED', retry_eligible: null, code: null, fiRequests: 1 },
  { scenario: 'partial', status: 'COMPLETED', retry_eligible: null, code: null, fiRequests: 1 },
  { scenario: 'onetime', status: 'COMPLETED', retry_eligible: null, code: null, fiRequests: 1 },
  { scenario: 'never', status: 'FAILED', retry_eligible: 'Yes', code: 'DataFetchTimeout', fiRequests: 1 },
  { scenario: 'timeout', status: 'FAILED', retry_eligible: 'Yes', code: 'DataFetchTimeout', fiRequests: 1 },
  { scenario: 'revoked', status: 'FAILED', retry_eligible: 'No', code: 'ConsentRevoked', fiRequests: 1 },
  { scenario: 'expired', status: 'FAILED', retry_eligible: 'No', code: 'ConsentExpired', fiRequests: 1 },
  { scenario: 'paused', status: 'FAILED', retry_eligible: 'Yes', code: 'ConsentPaused', fiRequests: 1 },
  { scenario: 'quota', status: 'FAILED', retry_eligible: 'No', code: 'InvalidConsentUse', fiRequests: 1 },
  {
    scenario: 'bad-range',
    status: 'FAILED',
    retry_eligible: 'YesWithModifications',
    code: 'InvalidDateRange',
    fiRequests: 1,
  },
  {
    scenario: 'bad-config',
    status: 'FAILED',
    retry_eligible: 'YesWithModifications',
    code: 'InvalidRequest',
    fiRequests: 1,
  },
  { scenario: 'unknown', status: 'FAILED', retry_eligible: 'No', code: 'InvalidConsentId', fiRequests: 1 },
  { scenario: 'denied', status: 'FAILED', retry_eligible: 'No', code: 'DataDenied', fiRequests: 1 },
  // Refused unprocessed, four times: the simulator counts only what it has processed.
  { scenario: 'unavailable', status: 'FAILED', retry_eligible: 'Yes', code: 'ServiceUnavailable', fiRequests: 0 },
] as const;

const HAS_SESSION = new Set(['ready', 'partial', 'onetime', 'never', 'timeout', 'denied']);
const ROWS_EACH = 40;
const REFERENCE = 'every-scenario';

const rows = Array.from({ length: SCENARIOS.length * ROWS_EACH }, (_, row) => {
  const expected = SCENARIOS[row % SCENARIOS.length];
  if (!expected) throw new RangeError('no scenario');
  return { consentId: guidOf(`main-job-${row}`), expected };
});

let environment: Environment;
let product: Product;
beforeAll(async () => {
  environment = await startEnvironment({ timeScale: 0.02, assembly: await sharedAssembly() });
  product = new Product(environment.endpoints, environment.tenants[0]);
  await product.control('PUT', '/_sim/consents', {
    consents: rows.map(({ consentId, expected }) => ({ consentId, scenario: expected.scenario, accounts: 2 })),
  });
});
afterAll(() => environment.close());

describe('a batch of every scenario', () => {
  test('is accepted, keeps exact counters on the way, and ends', async () => {
    const consents_list = rows.map(({ consentId }) => ({ consent_id: consentId }));
    const accepted = await product.post('/v2/schedule/fi/requests', { reference_id: REFERENCE, consents_list });
    expect(accepted.status).toBe(200);
    let terminal = 0;
    const { summary } = await product.finished(REFERENCE, 55, ({ summary: seen }) => {
      expect(seen.ready + seen.in_progress + seen.completed + seen.failed).toBe(rows.length);
      expect(seen.completed + seen.failed).toBeGreaterThanOrEqual(terminal);
      terminal = seen.completed + seen.failed;
    });
    expect(summary).toEqual({ total: 560, ready: 0, in_progress: 0, completed: 120, failed: 440 });
  });

  test('has ended each row as the failure table says', async () => {
    const records = await product.records(REFERENCE, { include_balances: true });
    expect(records.map(({ id }) => id)).toEqual(rows.map((_, index) => index + 1));
    expect(
      records.map(({ consent_id, status, retry_eligible, error, session_id }) => ({
        consent_id,
        status,
        retry_eligible,
        code: error?.code ?? null,
        hasSession: session_id !== null,
      })),
    ).toEqual(
      rows.map(({ consentId, expected: { scenario, status, retry_eligible, code } }) => ({
        consent_id: consentId,
        status,
        retry_eligible,
        code,
        hasSession: HAS_SESSION.has(scenario),
      })),
    );
  });

  test('has sent one FI request a row', async () => {
    const sent = await Promise.all(rows.map(({ consentId }) => product.callsFor(consentId)));
    expect(sent.map(({ fiRequests }) => fiRequests)).toEqual(rows.map(({ expected }) => expected.fiRequests));
  });

  test('shows the accounts of completed rows, each with its own status, and balances where there are any', async () => {
    const records = await product.records(REFERENCE, { include_balances: true });
    const [ready] = records;
    expect(ready?.account_details).toEqual(
      Array.from({ length: 2 }, () => ({
        link_reference_number: expect.any(String),
        masked_account_number: expect.stringMatching(/^X+\d{4}$/),
        fip_id: expect.any(String),
        fip_name: expect.any(String),
        fi_status: 'DELIVERED',
        fi_type: expect.any(String),
        account_type: expect.any(String),
        current_balance: expect.stringMatching(/^-?\d+\.\d\d$/),
        currency: 'INR',
        balance_as_of: expect.stringMatching(/Z$/),
      })),
    );
    const partial = records[1]?.account_details ?? [];
    expect(partial.map(({ fi_status }) => fi_status)).toEqual(['DELIVERED', 'TIMEOUT']);
    expect(partial[1]).not.toHaveProperty('current_balance');
    const failed = records.filter(({ status }) => status === 'FAILED');
    expect(failed.every(({ account_details }) => account_details?.length === 0)).toBe(true);
  });

  test('can be searched by session, by error code and by message', async () => {
    const [first] = (await product.status(REFERENCE, { limit: 1 })).records;
    const search = first?.session_id?.slice(4, 20).toUpperCase() ?? 'none';
    expect(await product.records(REFERENCE, { filters: { search } })).toEqual([first]);
    const revoked = await product.status(REFERENCE, { filters: { search: 'consentrevoked' } });
    expect(revoked.pagination.total).toBe(ROWS_EACH);
    const asked = await product.status(REFERENCE, {
      filters: { search: 'ask for a new one', retry_eligible: 'No', status: ['FAILED'] },
    });
    expect(asked.pagination.total).toBe(4 * ROWS_EACH);
  });
});

test('the FI request of a row can be looked up by its session, also on its own', async () => {
  const [first] = (await product.status(REFERENCE, { limit: 1 })).records;
  const { status, headers, body } = await product.post('/consent/firequest/status', { sessionId: first?.session_id });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ver: '1.21.0',
    status: 'success',
    data: { eventStatus: 'DATA_READY', consentId: first?.consent_id, linkRefNumbers: [{}, {}] },
  });
  expect(headers.get('x-ratelimit-limit')).toBe('1000');
  expect(Number(headers.get('x-ratelimit-remaining'))).toBeGreaterThan(900);
  expect(headers.get('x-ratelimit-reset')).toMatch(/^\d{10}$/);
});

test('rows with the same consent are rows of their own, sent one after the other', async () => {
  const consentId = guidOf('asked-for-thrice');
  const consents_list = Array.from({ length: 3 }, () => ({ consent_id: consentId }));
  await product.post('/v2/schedule/fi/requests', { reference_id: 'same-consent', consents_list });
  await product.finished('same-consent', 40);
  const records = await product.records('same-consent');
  expect(records.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  expect(new Set(records.map(({ session_id }) => session_id)).size).toBe(3);
  expect((await product.callsFor(consentId)).fiRequests).toBe(3);
});

describe('what the front door refuses', () => {
  test('a path that is not there, and a method that a path does not have, are 404 in the envelope', async () => {
    for (const [method, path] of [
      ['POST', '/nowhere'],
      ['GET', '/bulk/status'],
      ['DELETE', '/'],
    ] as const) {
      const { organisationId, client_id, client_secret, appIdentifier } = product.tenant;
      const response = await fetch(new URL(path, product.api), {
        method,
        headers: { organisationId, client_id, client_secret, appIdentifier },
      });
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 404,
        body: { ver: '1.0', txnid: expect.any(String), timestamp: expect.any(String), errorCode: 'NotFound' },
      });
    }
  });

  // By the status: that the envelope is there is hoped for below the gateway's 10 MB, and above them it isn't there on AWS (docs/spec/overview.md).
  test.each([6, 9.9, 10.5])('a body of %d MB is refused as too large', async (megabytes) => {
    const { status } = await product.post('/v2/schedule/fi/requests', `"${'x'.repeat(megabytes * 1024 * 1024)}"`);
    expect(status).toBe(413);
  });
});
