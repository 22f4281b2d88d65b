import { expect, test } from 'vitest';
import { matchRoute, type Route } from '#local/api/routes.ts';

const route = (resourcePath: string, method: string): Route => ({
  resourceId: resourcePath,
  resourcePath,
  method,
  functionArn: `${method} ${resourcePath}`,
  timeoutMilliseconds: 29_000,
});

const ROUTES = [
  route('/', 'ANY'),
  route('/{proxy+}', 'ANY'),
  route('/things', 'POST'),
  route('/things/{id}', 'GET'),
  route('/things/latest', 'GET'),
  route('/things/latest', 'ANY'),
  route('/things/{id}/parts/{part}', 'GET'),
];

test.each([
  ['POST', '/things', 'POST /things', null],
  ['POST', '/things/', 'POST /things', null],
  ['GET', '/', 'ANY /', null],
  ['GET', '/other/path', 'ANY /{proxy+}', { proxy: 'other/path' }],
  ['GET', '/things/7%2F8', 'GET /things/{id}', { id: '7/8' }],
  ['GET', '/things/latest', 'GET /things/latest', null],
  ['PUT', '/things/latest', 'ANY /things/latest', null],
  ['GET', '/things/7/parts/%', 'GET /things/{id}/parts/{part}', { id: '7', part: '%' }],
  ['GET', '/things/7/parts', 'ANY /{proxy+}', { proxy: 'things/7/parts' }],
  ['GET', '/Things', 'ANY /{proxy+}', { proxy: 'Things' }],
])('%s %s goes to %s', (method, path, functionArn, pathParameters) => {
  const match = matchRoute(ROUTES, method, path);
  expect({ functionArn: match?.route.functionArn, pathParameters: match?.pathParameters }).toEqual({
    functionArn,
    pathParameters,
  });
});

test('a resource without the method is not passed over for a greedy one', () => {
  expect(matchRoute(ROUTES, 'DELETE', '/things')).toBeUndefined();
});
