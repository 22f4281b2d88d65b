import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { synthesized } from '#test/lib/synthesized.ts';
import { API_FUNCTIONS, type ApiUnderTest, apiUnderTest, OTHER_TENANT, TENANT } from '#test/world/api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const SCHEDULE = {
  reference_id: 'reference-1',
  consents_list: [{ consent_id: '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7' }],
};

const READS_THE_CLIENT = /^(GetItem CLIENTS|UpdateItem CALLS#ADDRESS#\S+)$/;

test('every function behind a route of the API is one of those held against the wrapper here', () => {
  const stack = synthesized();
  const targets = stack
    .all('AWS::ApiGateway::Method')
    .map(({ properties }) => JSON.stringify(properties['Integration']));
  const behindApi = [...stack.functions()]
    .filter(([, { logicalId }]) => targets.some((target) => target.includes(logicalId)))
    .map(([name]) => name);
  expect(behindApi.toSorted()).toEqual([...API_FUNCTIONS].toSorted());
});

describe.each(API_FUNCTIONS)('%s', (name) => {
  const ver = name === 'fi-request-status' ? '1.21.0' : '1.0';

  test.each(['client_id', 'client_secret', 'appIdentifier', 'organisationId'])(
    'answers 401 and names %s where it is missing, before it looks at the body, and reads nothing',
    async (header) => {
      const before = api.tableCalls.length;
      for (const value of [undefined, '']) {
        const { status, body } = await api.call(name, 'no JSON at all', { [header]: value });
        expect(status).toBe(401);
        expect(body).toMatchObject({
          ver,
          txnid: expect.any(String),
          timestamp: expect.any(String),
          errorCode: 'Unauthorized',
          errorMsg: `The header ${header} is missing`,
        });
      }
      expect(api.tableCalls.slice(before)).toEqual([]);
    },
  );

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a wrong secret', { client_secret: 'wrong' }],
    ["another client's secret", { client_secret: OTHER_TENANT.client_secret }],
    ['another organisation', { organisationId: OTHER_TENANT.organisationId }],
    ['a wrong application', { appIdentifier: OTHER_TENANT.appIdentifier }],
    ['names that objects have', { client_id: '__proto__', organisationId: 'constructor' }],
  ])('answers %s with 401 and no more; it reads nothing but the client, and only counts', async (_, headers) => {
    const items = async () =>
      (await api.table.items()).filter(({ pk }) => typeof pk === 'string' && !pk.startsWith('CALLS#ADDRESS#'));
    const before = await items();
    const callsBefore = api.tableCalls.length;
    const { status, body } = await api.call(name, SCHEDULE, headers);
    expect(status).toBe(401);
    expect(body).toMatchObject({ errorCode: 'Unauthorized', errorMsg: 'The credentials are not valid' });
    expect(body).not.toHaveProperty('errorDetails');
    for (const call of api.tableCalls.slice(callsBefore)) expect(call).toMatch(READS_THE_CLIENT);
    expect(await items()).toEqual(before);
  });
});

test('an unknown path is 404 in the envelope for those who may call', async () => {
  const { status, body } = await api.call('not-found', '');
  expect(status).toBe(404);
  expect(body).toMatchObject({ ver: '1.0', txnid: expect.any(String), errorCode: 'NotFound' });
});

test('headers compare without case', async () => {
  const { status } = await api.call(
    'not-found',
    '',
    Object.fromEntries(
      Object.entries(TENANT).flatMap(([header, value]) => [
        [header, undefined],
        [header.toUpperCase(), value],
      ]),
    ),
  );
  expect(status).toBe(404);
});
