import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { GatewayContext } from './gateway-responses.ts';
import type { Match } from './routes.ts';

/** A request as it came in over HTTP. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Name and value in turn, as sent. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** What is fixed about the API that a request came to. */
export interface ApiIdentity {
  readonly apiId: string;
  readonly stage: string;
  readonly accountId: string;
  readonly binaryMediaTypes: readonly string[];
}

/** Headers that end at the gateway: those of the connection, and the length, which REST APIs do not hand on. */
const NOT_HANDED_ON =
  /^(connection|content-length|expect|keep-alive|proxy-(authorization|connection)|te|trailer|transfer-encoding|upgrade)$/i;

/** The multi-value form of headers, names spelled as the client did. */
export function multiValueHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (NOT_HANDED_ON.test(name)) continue;
    headers[name] = [...(headers[name] ?? []), rawHeaders[index + 1] ?? ''];
  }
  return headers;
}

/** The path of a request, without its query. */
export const pathOf = ({ url }: GatewayRequest): string => url.split('?')[0] ?? '/';

/** As API Gateway gives single values: the last of several. */
const lastOfEach = (values: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));

/** Whether a media type is one of those that the API treats as binary. */
export function isBinary(mediaType: string | undefined, binaryMediaTypes: readonly string[]): boolean {
  const plain = mediaType?.split(';')[0]?.trim().toLowerCase();
  return binaryMediaTypes.some((type) => type === '*/*' || type.toLowerCase() === plain);
}

/** The `$context` of a request, as gateway responses see it; the proxy event's requestContext says the same. */
export function contextOf(
  api: ApiIdentity,
  request: GatewayRequest,
  match: Match | undefined,
  requestId: string,
  now: Date,
): GatewayContext {
  const headers = multiValueHeaders(request.rawHeaders);
  const find = (name: string): string =>
    Object.entries(headers)
      .find(([header]) => header.toLowerCase() === name)?.[1]
      .at(-1) ?? '';
  return {
    apiId: api.apiId,
    domainName: find('host'),
    extendedRequestId: requestId.replaceAll('-', '').slice(0, 15).concat('='),
    httpMethod: request.method,
    'identity.sourceIp': request.sourceIp,
    'identity.userAgent': find('user-agent'),
    path: `/${api.stage}${pathOf(request)}`,
    protocol: 'HTTP/1.1',
    requestId,
    requestTime: commonLogTime(now),
    requestTimeEpoch: String(now.getTime()),
    resourceId: match?.route.resourceId ?? '',
    resourcePath: match?.route.resourcePath ?? '',
    stage: api.stage,
  };
}

/** `dd/MMM/yyyy:HH:mm:ss +0000` */
function commonLogTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** The event of a Lambda proxy integration of a REST API, payload format 1.0. */
export function proxyEvent(
  api: ApiIdentity,
  request: GatewayRequest,
  match: Match,
  context: GatewayContext,
): APIGatewayProxyEvent {
  const headers = multiValueHeaders([
    ...request.rawHeaders,
    'X-Amzn-Trace-Id',
    `Root=1-${Math.floor(Number(context['requestTimeEpoch']) / 1000).toString(16)}-local`,
    'X-Forwarded-For',
    request.sourceIp,
    'X-Forwarded-Port',
    '443',
    'X-Forwarded-Proto',
    'https',
  ]);
  const query: Record<string, string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(request.url.slice(pathOf(request).length)))
    query[name] = [...(query[name] ?? []), value];
  const hasQuery = Object.keys(query).length > 0;
  const contentType = Object.entries(headers)
    .find(([name]) => name.toLowerCase() === 'content-type')?.[1]
    .at(-1);
  const base64 = request.body.length > 0 && isBinary(contentType, api.binaryMediaTypes);
  return {
    resource: match.route.resourcePath,
    path: pathOf(request),
    httpMethod: request.method,
    headers: lastOfEach(headers),
    multiValueHeaders: headers,
    queryStringParameters: hasQuery ? lastOfEach(query) : null,
    multiValueQueryStringParameters: hasQuery ? query : null,
    pathParameters: match.pathParameters === null ? null : { ...match.pathParameters },
    stageVariables: null,
    requestContext: requestContext(api, match, context),
    body: request.body.length === 0 ? null : request.body.toString(base64 ? 'base64' : 'utf8'),
    isBase64Encoded: base64,
  };
}

function requestContext(
  api: ApiIdentity,
  match: Match,
  context: GatewayContext,
): APIGatewayProxyEvent['requestContext'] {
  const domainName = context['domainName'] ?? '';
  return {
    accountId: api.accountId,
    apiId: api.apiId,
    authorizer: null,
    domainName,
    domainPrefix: domainName.split('.')[0],
    extendedRequestId: context['extendedRequestId'],
    httpMethod: context['httpMethod'] ?? '',
    identity: {
      accessKey: null,
      accountId: null,
      apiKey: null,
      apiKeyId: null,
      caller: null,
      clientCert: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: context['identity.sourceIp'] ?? '',
      user: null,
      userAgent: context['identity.userAgent'] ?? null,
      userArn: null,
    },
    path: context['path'] ?? '',
    protocol: 'HTTP/1.1',
    requestId: context['requestId'] ?? '',
    requestTime: context['requestTime'],
    requestTimeEpoch: Number(context['requestTimeEpoch']),
    resourceId: match.route.resourceId,
    resourcePath: match.route.resourcePath,
    stage: api.stage,
  };
}
