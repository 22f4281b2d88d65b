import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EVERY_ANSWER } from '#lambdas/platform/http/answer-headers.ts';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();

describe('routes', () => {
  const resources = new Map(stack.all('AWS::ApiGateway::Resource').map((resource) => [resource.logicalId, resource]));
  const pathOf = (reference: string): string => {
    const resource = resources.get(reference.slice(1, -1));
    if (resource === undefined) return '';
    return `${pathOf(rendered(resource.properties['ParentId']))}/${rendered(resource.properties['PathPart'])}`;
  };
  const integrationSchema = z.object({ Type: z.literal('AWS_PROXY'), Uri: z.unknown() });
  const methods = stack.all('AWS::ApiGateway::Method').map(({ properties }) => {
    const uri = rendered(integrationSchema.parse(properties['Integration']).Uri);
    return {
      route: `${rendered(properties['HttpMethod'])} ${pathOf(rendered(properties['ResourceId'])) || '/'}`,
      target: [...stack.functions()].find(([, { logicalId }]) => uri.includes(`<${logicalId}.Arn>`))?.[0],
    };
  });

  test('each known path has its function, and everything else one that answers 404', () => {
    expect(Object.fromEntries(methods.map(({ route, target }) => [route, target]))).toEqual({
      'POST /v2/schedule/fi/requests': 'schedule-batch',
      'ANY /v2/schedule/fi/requests': 'not-found',
      'POST /fi/requests/schedule/upload/v3': 'upload-batch',
      'ANY /fi/requests/schedule/upload/v3': 'not-found',
      'POST /fi/requests/schedule/upload/v3/presign': 'create-upload',
      'ANY /fi/requests/schedule/upload/v3/presign': 'not-found',
      'POST /bulk/status': 'batch-status',
      'ANY /bulk/status': 'not-found',
      'POST /consent/firequest/status': 'fi-request-status',
      'ANY /consent/firequest/status': 'not-found',
      'ANY /': 'not-found',
      'ANY /{proxy+}': 'not-found',
    });
  });

  test('API Gateway may call every function that a method names', () => {
    const allowed = stack
      .all('AWS::Lambda::Permission')
      .filter(({ properties }) => properties['Principal'] === 'apigateway.amazonaws.com')
      .map(({ properties }) => rendered(properties['FunctionName']));
    const named = methods.map(({ target }) => `<${stack.function(target ?? '').logicalId}.Arn>`);
    expect(new Set(allowed)).toEqual(new Set(named));
  });

  test('no function works on after API Gateway has given up on it', () => {
    for (const { target } of methods) {
      expect(stack.function(target ?? '').properties['Timeout']).toBeLessThanOrEqual(29);
    }
  });

  test('no preflight is answered: this API is for servers', () => {
    expect(methods.map(({ route }) => route).filter((route) => route.startsWith('OPTIONS'))).toEqual([]);
  });
});

test('the API is regional and hands bodies on byte for byte', () => {
  stack.template.hasResourceProperties('AWS::ApiGateway::RestApi', {
    EndpointConfiguration: { Types: ['REGIONAL'] },
    BinaryMediaTypes: ['multipart/form-data', 'application/json'],
  });
});

describe('gateway responses', () => {
  const envelopeSchema = z.strictObject({
    ver: z.literal('1.0'),
    timestamp: z.literal('1763632800123'),
    txnid: z.literal('3f1c1d9e-7a52-4a53-9a6e-0d5a3c0b9f11'),
    errorCode: z.string(),
    errorMsg: z.string().min(10),
    errorDetails: z.record(z.string(), z.unknown()).optional(),
  });
  const VARIABLES: Readonly<Record<string, string>> = {
    '$context.requestTimeEpoch': '1763632800123',
    '$context.requestId': '3f1c1d9e-7a52-4a53-9a6e-0d5a3c0b9f11',
    '$context.error.responseType': 'WAF_FILTERED',
  };
  const templatesSchema = z.strictObject({ 'application/json': z.string() });
  const answers = new Map(
    stack.all('AWS::ApiGateway::GatewayResponse').map(({ properties }) => {
      const template = templatesSchema.parse(properties['ResponseTemplates'])['application/json'];
      const body = template.replaceAll(/\$[\w.]+/g, (variable) => VARIABLES[variable] ?? 'unknown variable "');
      return [rendered(properties['ResponseType']), { status: properties['StatusCode'], body }];
    }),
  );

  test.each([...answers])('%s is in the envelope', (_, { body }) => {
    envelopeSchema.parse(JSON.parse(body));
  });

  test('each has the headers that every answer of a function has', () => {
    for (const { properties } of stack.all('AWS::ApiGateway::GatewayResponse')) {
      expect(properties['ResponseParameters']).toMatchObject(
        Object.fromEntries(
          Object.entries(EVERY_ANSWER).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
        ),
      );
    }
  });

  test.each([
    // Hoped for at best: AWS's notes say that it can't be customized.
    ['REQUEST_TOO_LARGE', '413', 'FileTooLarge'],
    ['THROTTLED', '429', 'TooManyRequests'],
    ['QUOTA_EXCEEDED', '429', 'TooManyRequests'],
    ['MISSING_AUTHENTICATION_TOKEN', '404', 'NotFound'],
    ['RESOURCE_NOT_FOUND', '404', 'NotFound'],
    // These keep the status of whatever they stand for.
    ['DEFAULT_4XX', undefined, 'InvalidRequest'],
    ['DEFAULT_5XX', undefined, 'InternalError'],
  ])('%s is %s %s', (type, status, errorCode) => {
    const answer = answers.get(type);
    expect(answer?.status).toBe(status);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ errorCode });
  });

  test('413 has what a gateway can know of the specified details, and the path for larger files', () => {
    const { errorMsg, errorDetails } = envelopeSchema.parse(JSON.parse(answers.get('REQUEST_TOO_LARGE')?.body ?? ''));
    expect(errorMsg).toBe('File size exceeds maximum allowed');
    expect(errorDetails).toEqual({
      maxSize: 10_485_760,
      maxSizeMB: 10,
      maxBodySize: 4_613_734,
      uploadVia: '/fi/requests/schedule/upload/v3/presign',
      remedy: expect.stringMatching(/about 4\.4 MB.*JSON file of up to 10 MB/),
    });
  });
});
