import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { callerOf } from '../aws-front.ts';
import { accessDenied, missingContentLength, S3Error } from './s3-answer.ts';

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
  readonly incoming: IncomingMessage;
}

/** AWS's limit for keys, in bytes of UTF-8. */
const KEY_BYTES = 1024;

/** SQLite's limit for one value. AWS's for one upload is 5 GiB. */
const BODY_BYTES = 1_000_000_000;

/** Takes the request apart. The key is taken as it was sent: no segment of it, not even `..`, means anything. */
export function readRequest(incoming: IncomingMessage, id: string): S3Request {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const [bucket, key] = splitPath(mark < 0 ? url : url.slice(0, mark));
  return {
    id,
    method: incoming.method ?? 'GET',
    bucket,
    key: checkedKey(key),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: Object.fromEntries(
      Object.entries(incoming.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
    ),
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    incoming,
  };
}

export const newRequestId = (): string => randomBytes(8).toString('hex').toUpperCase();

/** Bucket and key of `/<bucket>/<key>`, decoded. */
export function splitPath(path: string): readonly [bucket: string, key: string] {
  const [, bucket = '', key = ''] = /^\/?([^/]*)\/?(.*)$/s.exec(path) ?? [];
  try {
    return [decodeURIComponent(bucket), decodeURIComponent(key)];
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
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
 * The whole body, as it was sent.
 * @throws S3Error `MissingContentLength` when its length isn't known beforehand, `EntityTooLarge`
 */
export async function readBody({ headers, incoming }: S3Request): Promise<Buffer> {
  const length = headers['content-length'] ?? headers['x-amz-decoded-content-length'];
  if (length === undefined) throw missingContentLength();
  if (Number(length) > BODY_BYTES) {
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      details: { ProposedSize: length, MaxSizeAllowed: BODY_BYTES },
    });
  }
  return buffer(incoming);
}
