import * as z from 'zod';
import { invalidRequest } from '../errors.ts';

/** A request's headers. Names compare without case. */
export interface Headers {
  get(name: string): string | undefined;
}

/** What we read of API Gateway's proxy event (REST API, Lambda proxy integration, payload format 1.0). */
const apiEvent = z.object({
  headers: z.record(z.string(), z.string().optional()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
  requestContext: z
    .object({
      extendedRequestId: z.string().optional().catch(undefined),
      identity: z.object({ sourceIp: z.string() }).optional().catch(undefined),
    })
    .nullish(),
});

export interface ApiEvent {
  readonly headers: Headers;
  /** The body, byte for byte. */
  readonly bytes: Buffer;
  /**
   * What API Gateway calls the request. Not its `requestId`, which a client can choose by the header `x-amzn-RequestId`
   * (Amazon API Gateway, "$context variables").
   */
  readonly gatewayRequestId: string | undefined;
  /** The address that the gateway was called from. */
  readonly sourceIp: string;
}

export function parseApiEvent(event: unknown): ApiEvent {
  const { headers, body, isBase64Encoded, requestContext } = apiEvent.parse(event);
  const values = new Map(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    headers: { get: (name) => values.get(name.toLowerCase()) },
    bytes: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
    gatewayRequestId: requestContext?.extendedRequestId,
    sourceIp: requestContext?.identity?.sourceIp ?? '',
  };
}

const jsonObject = z.record(z.string(), z.unknown());

/**
 * The JSON object in a request's body.
 * @throws ServiceError `InvalidRequest` when content type or body isn't JSON, or the body isn't an object
 */
export function jsonBody({ headers, bytes }: ApiEvent): Readonly<Record<string, unknown>> {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw invalidRequest('Content-Type must be application/json', { field: 'Content-Type', provided: type ?? null });
  }
  const parsed = jsonObject.safeParse(parseJson(bytes.toString('utf8')));
  if (!parsed.success) throw invalidRequest('The body must be a JSON object', { field: 'body' });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? `: ${error.message}` : '';
    throw invalidRequest(`The body is not valid JSON${reason}`.slice(0, 300), { field: 'body' });
  }
}
