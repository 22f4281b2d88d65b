import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterEach, expect, test } from 'vitest';
import { RestApi } from '#local/api/rest-api.ts';
import { AwsError } from '#local/aws-call.ts';
import { CallRecord } from '#local/call-record.ts';
import type { Invoker } from '#local/lambda/lambda.ts';
import { Meter } from '#local/meter.ts';
import { stackOf } from '../fixture/stack.ts';

const TEMPLATE =
  '{"m":$context.error.messageString,"id":"$context.requestId","at":"$context.requestTimeEpoch","stage":"$context.stage"}';

const gatewayResponse = (ResponseType: string, StatusCode?: string) => ({
  Type: 'AWS::ApiGateway::GatewayResponse',
  Properties: {
    RestApiId: { Ref: 'Api' },
    ResponseType,
    StatusCode: StatusCode ?? { Ref: 'AWS::NoValue' },
    ResponseTemplates: { 'application/json': TEMPLATE },
    ResponseParameters: {
      'gatewayresponse.header.X-From': "'gateway'",
      'gatewayresponse.header.X-Id': 'context.requestId',
    },
  },
});

const method = (HttpMethod: string, ResourceId: unknown, extra: Record<string, unknown> = {}) => ({
  Type: 'AWS::ApiGateway::Method',
  Properties: {
    RestApiId: { Ref: 'Api' },
    ResourceId,
    HttpMethod,
    AuthorizationType: 'NONE',
    Integration: {
      Type: 'AWS_PROXY',
      Uri: {
        'Fn::Join': [
          '',
          ['arn:aws:apigateway:r:lambda:path/x/functions/', { 'Fn::GetAtt': ['Echo', 'Arn'] }, '/invocations'],
        ],
      },
      ...extra,
    },
  },
});

const STACK = {
  Echo: { Type: 'AWS::Lambda::Function' },
  Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { BinaryMediaTypes: ['multipart/form-data'] } },
  Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { RestApiId: { Ref: 'Api' }, StageName: 'v9' } },
  Things: {
    Type: 'AWS::ApiGateway::Resource',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
      PathPart: 'things',
    },
  },
  Post: method('POST', { Ref: 'Things' }, { TimeoutInMillis: 150 }),
  TooLarge: gatewayResponse('REQUEST_TOO_LARGE', '413'),
  Missing: gatewayResponse('DEFAULT_4XX', '404'),
  Failing: gatewayResponse('DEFAULT_5XX'),
};

const apis: RestApi[] = [];
afterEach(() => Promise.all(apis.splice(0).map((api) => api.close())));

async function serve(invoke: Invoker['invoke']): Promise<string> {
  const api = new RestApi(stackOf(STACK), { invoke }, new Meter(), new CallRecord());
  apis.push(api);
  return api.listen(0);
}

const answering = (answer: unknown): Invoker['invoke'] => {
  return async () => ({ ok: true, payload: JSON.stringify(answer), milliseconds: 1 });
};

/** An API whose function keeps the event it got. */
async function echo(): Promise<{ url: string; event: () => APIGatewayProxyEvent }> {
  let seen: APIGatewayProxyEvent | undefined;
  const url = await serve(async (_arn, event) => {
    seen = JSON.parse(event);
    return { ok: true, payload: '{"statusCode":200}', milliseconds: 1 };
  });
  return {
    url,
    event: () => {
      if (seen === undefined) throw new Error('the function was not called');
      return seen;
    },
  };
}

test('hands a request on as a proxy event of a REST API', async () => {
  const { url, event } = await echo();
  await fetch(`${url}/things?a=1&a=2&b=%20`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Some': 'Thing' },
    body: '{"é":1}',
  });
  expect(event()).toMatchObject({
    resource: '/things',
    path: '/things',
    httpMethod: 'POST',
    headers: { 'X-Some': 'Thing', 'X-Forwarded-For': '127.0.0.1' },
    multiValueHeaders: { 'X-Some': ['Thing'] },
    queryStringParameters: { a: '2', b: ' ' },
    multiValueQueryStringParameters: { a: ['1', '2'], b: [' '] },
    pathParameters: null,
    body: '{"é":1}',
    isBase64Encoded: false,
    requestContext: { stage: 'v9', path: '/v9/things', identity: { sourceIp: '127.0.0.1' } },
  });
  expect(event().requestContext.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(Object.keys(event().headers).map((name) => name.toLowerCase())).not.toContain('content-length');
});

test('hands on a body of a binary type in base64, byte for byte', async () => {
  const { url, event } = await echo();
  const body = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0xc3]);
  await fetch(`${url}/things`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body,
  });
  expect(event()).toMatchObject({ isBase64Encoded: true, body: body.toString('base64') });
});

test('an empty body is null', async () => {
  const { url, event } = await echo();
  await fetch(`${url}/things`, { method: 'POST' });
  expect(event().body).toBeNull();
});

test('answers what the function says, with a header of several values and one that the gateway keeps for itself', async () => {
  const url = await serve(
    answering({
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'WWW-Authenticate': 'Basic' },
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
      body: 'made',
    }),
  );
  const answer = await fetch(`${url}/things`, { method: 'POST' });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('content-type')).toBe('text/plain');
  expect(answer.headers.get('www-authenticate')).toBeNull();
  expect(answer.headers.get('x-amzn-remapped-www-authenticate')).toBe('Basic');
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await answer.text()).toBe('made');
});

test('decodes a base64 answer of a binary type', async () => {
  const url = await serve(
    answering({
      statusCode: 200,
      headers: { 'content-type': 'multipart/form-data' },
      body: '/wD+',
      isBase64Encoded: true,
    }),
  );
  const answer = await fetch(`${url}/things`, { method: 'POST' });
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0xff, 0x00, 0xfe]));
});

async function gatewayAnswer(url: string, init: RequestInit, path = '/things'): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, init);
  expect(answer.headers.get('x-from')).toBe('gateway');
  const body = JSON.parse(await answer.text());
  expect(body.id).toBe(answer.headers.get('x-amzn-requestid'));
  expect(answer.headers.get('x-id')).toBe(body.id);
  expect(Number(body.at)).toBeGreaterThan(0);
  expect(body.stage).toBe('v9');
  return [answer.status, body.m];
}

test('a path without a route gets the fallback response of its kind, and its status', async () => {
  const url = await serve(answering({ statusCode: 200 }));
  expect(await gatewayAnswer(url, { method: 'POST' }, '/nowhere')).toEqual([404, 'Missing Authentication Token']);
  expect(await gatewayAnswer(url, { method: 'GET' })).toEqual([404, 'Missing Authentication Token']);
});

// On AWS the answer is plain text, whatever the template says; the local gateway is kinder than that (docs/spec/overview.md).
test('10 MB pass the gateway, one byte more does not', async () => {
  const url = await serve(answering({ statusCode: 200 }));
  const post = (bytes: number) => ({ method: 'POST', body: Buffer.alloc(bytes, 'x') });
  expect((await fetch(`${url}/things`, post(10 * 1024 * 1024))).status).toBe(200);
  expect(await gatewayAnswer(url, post(10 * 1024 * 1024 + 1))).toEqual([413, 'Request Too Long']);
});

test.each<[string, Invoker['invoke'], unknown]>([
  [
    'an event that Lambda does not take',
    () => Promise.reject(new AwsError('RequestTooLargeException', 'too large', 413)),
    [413, 'Request Too Long'],
  ],
  [
    'a function that failed',
    async () => ({ ok: false, error: { errorType: 'E', errorMessage: 'm' }, milliseconds: 1 }),
    [502, 'Internal server error'],
  ],
  ['an answer that is no object', answering('text'), [502, 'Internal server error']],
  ['an answer without a status', answering({ body: 'x' }), [502, 'Internal server error']],
  ['an answer whose body is no text', answering({ statusCode: 200, body: {} }), [502, 'Internal server error']],
  ['a function that takes too long', () => new Promise(() => {}), [504, 'Endpoint request timed out']],
])('%s gets a gateway response', async (_, invoke, expected) => {
  expect(await gatewayAnswer(await serve(invoke), { method: 'POST' })).toEqual(expected);
});

test.each(['//', '/%', '/things?%', '/?='])('answers the odd path %s', async (path) => {
  const url = await serve(answering({ statusCode: 200 }));
  expect((await fetch(url + path, { method: 'POST' })).status).toBeGreaterThanOrEqual(200);
});

test('refuses a $context variable that it could not fill in', () => {
  const odd = gatewayResponse('DEFAULT_4XX');
  const stack = stackOf({
    ...STACK,
    Odd: {
      ...odd,
      Properties: { ...odd.Properties, ResponseTemplates: { 'application/json': '$context.authorizer.claims' } },
    },
  });
  const invoke = answering({ statusCode: 200 });
  expect(() => new RestApi(stack, { invoke }, new Meter(), new CallRecord())).toThrow('$context.authorizer.claims');
});

test('refuses what it cannot do: authorizers and other integrations', () => {
  const properties = STACK.Post.Properties;
  for (const changed of [
    { AuthorizationType: 'AWS_IAM' },
    { Integration: { ...properties.Integration, Type: 'MOCK' } },
  ]) {
    const stack = stackOf({ ...STACK, Post: { Type: STACK.Post.Type, Properties: { ...properties, ...changed } } });
    const invoke = answering({ statusCode: 200 });
    expect(() => new RestApi(stack, { invoke }, new Meter(), new CallRecord())).toThrow('the local cloud has');
  }
});
