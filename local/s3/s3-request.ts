import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { callerOf } from '../aws-front.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { accessDenied, S3Error } from './s3-error.ts';

/** A request as S3 sees it: path-style, `/<bucket>/<key>`. */
export interface S3Request {
  readonly id: string;
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly sourceIp: string;
  /** The whole body, as it comes. Not reading it to its end leaves the connection usable. */
  readonly body: AsyncIterable<Buffer>;
  readonly incoming: IncomingMessage;
}

/** AWS's limit for keys, in bytes of UTF-8. */
const KEY_BYTES = 1024;

/** Takes the request apart. The key is taken as it was sent: no segment of it, not even `..`, means anything. */
export function readRequest(incoming: IncomingMessage, id = newRequestId()): S3Request {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  return {
    id,
    method: incoming.method ?? 'GET',
    bucket: decode(slash < 0 ? path.slice(1) : path.slice(1, slash)),
    key: slash < 0 ? '' : checkedKey(decode(path.slice(slash + 1))),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: Object.fromEntries(
      Object.entries(incoming.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
    ),
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    body: bytesOf(incoming),
    incoming,
  };
}

export const newRequestId = (): string => randomBytes(8).toString('hex').toUpperCase();

/** The bytes of a stream, which is left open when not all of them are read. */
export async function* bytesOf(stream: Readable): AsyncGenerator<Buffer> {
  yield* stream.iterator({ destroyOnReturn: false });
}

/** @throws S3Error `KeyTooLongError` */
export function checkedKey(key: string): string {
  if (Buffer.byteLength(key) > KEY_BYTES) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long');
  return key;
}

/**
 * Who makes the request: the function that the access key is of, or `outside`. Signatures of requests are not verified, as in the rest of
 * the local cloud.
 * @throws S3Error `AccessDenied` when it is not signed, or its presigned URL has expired
 */
export function signer({ headers, query }: S3Request, now: number): string {
  const header = /^AWS4-HMAC-SHA256 .*?Credential=([^/,]+)\//.exec(headers['authorization'] ?? '')?.[1];
  if (header !== undefined) return callerOf(header);
  const credential = query.get('X-Amz-Credential');
  if (credential === null || !query.has('X-Amz-Signature')) throw accessDenied();
  const signedAt = Date.parse(
    (query.get('X-Amz-Date') ?? '').replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'),
  );
  const expires = signedAt + Number(query.get('X-Amz-Expires') ?? Number.NaN) * 1000;
  if (!(now <= expires)) throw accessDenied('Request has expired');
  return callerOf(credential.split('/')[0]);
}

/**
 * The body of an upload without its transfer encoding.
 * @throws S3Error `MissingContentLength` when its length is not known beforehand
 */
export function uploadBody({ headers, body }: S3Request, trailers: Map<string, string>): AsyncIterable<Buffer> {
  const decodedLength = headers['x-amz-decoded-content-length'];
  if (headers['content-length'] === undefined && decodedLength === undefined) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const encoded =
    headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true ||
    /(^|,)\s*aws-chunked\s*(,|$)/.test(headers['content-encoding'] ?? '');
  if (!encoded) return body;
  return decodeAwsChunked(body, decodedLength === undefined ? undefined : Number(decodedLength), trailers);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}
