import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { shown } from '../characters.ts';
import { invalidRequest, ServiceError } from '../errors.ts';

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

/** What is unpacked has at most this, as much as API Gateway takes of what isn't packed. */
const MAX_UNPACKED_BYTES = 10 * 1024 * 1024;

const CONTENT_ENCODING = { field: 'Content-Encoding' };

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The body, unpacked where it says that it's packed.
 * @throws ServiceError `InvalidRequest` when it can't be unpacked (415 where we don't know how), `FileTooLarge` when it
 * unpacks to more than 10 MB
 */
export function bodyOf({ headers, bytes }: Pick<ApiEvent, 'headers' | 'bytes'>): Buffer {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() || 'identity';
  if (encoding === 'identity') return bytes;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    const message = `Content-Encoding ${shown(encoding)} is not known; send gzip, or the body as it is`;
    throw new ServiceError('unsupported', 'InvalidRequest', message, CONTENT_ENCODING);
  }
  // API Gateway may have unpacked it on the way ("Call an API method with a compressed payload").
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ServiceError('too-large', 'FileTooLarge', 'The body unpacks to more than 10 MB; send fewer rows', {
        maxSize: MAX_UNPACKED_BYTES,
        maxSizeMB: MAX_UNPACKED_BYTES / 1024 ** 2,
      });
    }
    throw invalidRequest('The body can not be unpacked; it is not gzip, or cut off', CONTENT_ENCODING);
  }
}

const jsonObject = z.record(z.string(), z.unknown());

/**
 * The JSON object in a request's body.
 * @throws ServiceError `InvalidRequest` when content type or body isn't JSON, or the body isn't an object
 */
export function jsonBody(event: Pick<ApiEvent, 'headers' | 'bytes'>): Readonly<Record<string, unknown>> {
  const type = event.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw invalidRequest('Content-Type must be application/json', { field: 'Content-Type', provided: type ?? null });
  }
  const parsed = jsonObject.safeParse(parseJson(textOf(bodyOf(event))));
  if (!parsed.success) throw invalidRequest('The body must be a JSON object', { field: 'body' });
  return parsed.data;
}

/** The text of a body in UTF-8, with or without a byte order mark. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw isGzip(bytes)
      ? invalidRequest('The body is gzip; say so with the header Content-Encoding: gzip', CONTENT_ENCODING)
      : invalidRequest('The body is not UTF-8', { field: 'body' });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? `: ${shown(error.message, 250)}` : '';
    throw invalidRequest(`The body is not valid JSON${reason}`, { field: 'body' });
  }
}
