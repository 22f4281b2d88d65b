import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  API_FUNCTIONS,
  type ApiFunction,
  type ApiUnderTest,
  addClient,
  apiUnderTest,
  OTHER_TENANT,
  TENANT,
} from '#test/world/api-under-test.ts';

/** A second client of the lender. */
const COLLEAGUE = { client_id: 'colleague', client_secret: 'a-secret-of-the-colleague' };

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest({
    // A window that does not end while the tests run.
    CLIENT_RATE_WINDOW_MILLISECONDS: '86400000000',
    CLIENT_RATE_LIMIT: '6',
    API_RATE_LIMIT: '6',
    SEARCH_RATE_LIMIT: '3',
    UNAUTHORIZED_RATE_LIMIT: '5',
  });
  await addClient(api.table, { ...TENANT, ...COLLEAGUE });
});
afterAll(() => api.close());

const told = ({ status, headers }: Answer) => [status, headers['X-RateLimit-Remaining']];
const isOver = (answer: Answer): boolean => answer.status === 429;
/** Calls of a function in turn, each with what is no valid body. */
async function calls(name: ApiFunction, times: number, headers: Record<string, string> = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let call = 0; call < times; call += 1) answers.push(await api.call(name, 'no JSON', headers));
  return answers;
}

describe.each(API_FUNCTIONS)('%s is limited', (name) => {
  const shared = name !== 'fi-request-status';

  test('for an organisation, of whose limit a third is left for its other clients, whatever one of them does', async () => {
    const own = await calls(name, 9);
    expect(own.map(isOver)).toEqual(own.map((_, call) => call >= 6));
    const last = own.at(-1);
    expect(last?.headers).toMatchObject({
      'X-RateLimit-Limit': '6',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': expect.stringMatching(/^\d{10,}$/),
      'Retry-After': expect.stringMatching(/^[1-9]/),
    });
    expect(last?.body).toMatchObject({ errorCode: 'TooManyRequests', errorMsg: expect.stringContaining('retry at') });
    expect((await calls(name, 3, COLLEAGUE)).map(isOver)).toEqual(shared ? [false, false, true] : [true, true, true]);
  });

  test('and to no other', async () => {
    const [answer] = await calls(name, 1, OTHER_TENANT);
    expect(answer && told(answer)).toEqual([expect.not.stringMatching('429'), expect.stringMatching(/^[1-9]/)]);
  });
});

test('what several clients call adds up', async () => {
  const other = { client_id: 'other', client_secret: 'a-secret-of-another' };
  await addClient(api.table, { ...OTHER_TENANT, ...other });
  // One was made above.
  expect((await calls('not-found', 2, OTHER_TENANT)).map(told)).toEqual([
    [404, '4'],
    [404, '3'],
  ]);
  expect((await calls('not-found', 4, { ...OTHER_TENANT, ...other })).map(told)).toEqual([
    [404, '2'],
    [404, '1'],
    [404, '0'],
    [429, '0'],
  ]);
});

test('a search costs more than other looks, so fewer are let through', async () => {
  const look = (search?: string) =>
    api.call('batch-status', { reference_id: 'reference-1', filters: { search: search ?? null } }, OTHER_TENANT);
  for (const left of ['2', '1', '0']) expect(told(await look('one'))).toEqual([404, left]);
  expect(told(await look('one'))).toEqual([429, '0']);
  expect((await look()).status).toBe(404);
});

describe('wrong credentials', () => {
  const from = (sourceIp: string, headers: Record<string, string> = { client_secret: 'wrong' }) =>
    api.call('not-found', '', { ...OTHER_TENANT, ...headers }, sourceIp);

  test('are limited to those who try them: whoever has the right ones goes on, from wherever', async () => {
    const tries: Answer[] = [];
    for (let call = 0; call < 8; call += 1) tries.push(await from('192.0.2.1'));
    expect(tries.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(tries.at(-1)).toMatchObject({
      headers: { 'Retry-After': expect.stringMatching(/^[1-9]/) },
      body: { errorCode: 'TooManyRequests' },
    });
    expect((await from('192.0.2.1', { client_id: 'nobody' })).status).toBe(429);
    expect((await from('192.0.2.2')).status).toBe(401);
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      // Past the credentials: it meets the limit above.
      expect((await from(address, {})).body).toMatchObject({ errorMsg: expect.stringContaining('organisation') });
    }
  });

  test('cost no more writes once they are over the limit, and leave no address', async () => {
    const before = api.tableCalls.length;
    await from('192.0.2.1');
    expect(api.tableCalls.slice(before).filter((call) => !call.startsWith('GetItem'))).toEqual([]);
    expect(JSON.stringify(await api.table.items())).not.toContain('192.0.2');
  });
});
