import { checkDigests } from './checksums.ts';
import { notImplemented, S3Error } from './s3-answer.ts';
import { readBody, type S3Request } from './s3-request.ts';

const REFUSED =
  /^x-amz-(copy-source-(if-(none|modified|unmodified)|server)-.*|object-lock-.*|server-side-encryption-customer-.*|write-offset-bytes|grant-.*|meta-local\.kept)$/;

/** Kept with an object and answered with it, in addition to what fauxqs keeps: `Content-…`, `Cache-Control` and `x-amz-meta-…`. */
const KEPT = ['expires', 'x-amz-storage-class', 'x-amz-tagging', 'x-amz-website-redirect-location'];

/** fauxqs keeps these as one more piece of metadata. */
export const KEPT_METADATA = 'local.kept';

/**
 * An upload's headers (or form fields, whose names are the same) for fauxqs to read.
 * @throws S3Error for headers that ask for what the local S3 can't do
 */
export function uploadHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const refused = Object.keys(given).find((name) => REFUSED.test(name));
  if (refused !== undefined) throw notImplemented(refused);
  // Buckets made today have no access control lists.
  if (!['bucket-owner-full-control', undefined].includes(given['x-amz-acl'] ?? given['acl'])) {
    throw new S3Error(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  const { 'content-encoding': encodings = '', ...headers } = given;
  const encoding = encodings.split(/\s*,\s*/).filter((one) => one !== '' && one !== 'aws-chunked');
  const kept = Object.entries(given).filter(([name, value]) => KEPT.includes(name) && value !== 'STANDARD');
  return {
    'content-type': 'binary/octet-stream',
    ...headers,
    ...(encoding.length === 0 ? {} : { 'content-encoding': encoding.join(',') }),
    ...(kept.length === 0 ? {} : { [`x-amz-meta-${KEPT_METADATA}`]: JSON.stringify(Object.fromEntries(kept)) }),
  };
}

/**
 * The body of an upload without its transfer encoding, checked against the digests that came with it, and its headers with the trailers.
 * @throws S3Error `BadDigest`, `IncompleteBody`, …
 */
export async function readUpload(request: S3Request): Promise<{ headers: Record<string, string>; body: Buffer }> {
  const { headers } = request;
  const sent = await readBody(request);
  const encoded =
    headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true ||
    /(^|,)\s*aws-chunked\s*(,|$)/.test(headers['content-encoding'] ?? '');
  const { body, trailers } = encoded ? decodeAwsChunked(sent) : { body: sent, trailers: {} };
  const length = headers['x-amz-decoded-content-length'];
  if (encoded && length !== undefined && Number(length) !== body.length) throw incomplete();
  const all = { ...headers, ...trailers };
  await checkDigests(all, body);
  return { headers: all, body };
}

/** Far more than the head of a chunk with its signature, or a trailer, needs. */
const LINE_BYTES = 4096;

const incomplete = (): S3Error => {
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
  return new S3Error(400, 'IncompleteBody', message);
};

const malformed = (): S3Error => new S3Error(400, 'InvalidRequest', 'The aws-chunked body is not well-formed');

/**
 * Decodes a body in `Content-Encoding: aws-chunked`, which SDKs send when they sign chunk by chunk or compute a checksum on the way: each
 * chunk is `<size in hex>[;chunk-signature=…]`, its bytes and a CRLF; after the one of size 0 come the trailers, here by lower-case name.
 * Signatures of chunks are not verified, like those of requests. fauxqs's own decoder accepts malformed bodies.
 * ("Signature calculations for the Authorization header: transferring payload in multiple chunks", S3 API reference)
 *
 * @throws S3Error `IncompleteBody` when the body ends too early, `InvalidRequest`
 */
export function decodeAwsChunked(bytes: Buffer): { body: Buffer; trailers: Record<string, string> } {
  let at = 0;
  const line = (): string => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) throw bytes.length - at > LINE_BYTES ? malformed() : incomplete();
    const found = bytes.toString('latin1', at, end);
    at = end + 2;
    return found;
  };
  const chunks: Buffer[] = [];
  for (;;) {
    const [size = ''] = line().split(';');
    if (!/^[0-9a-f]{1,10}$/i.test(size)) throw malformed();
    const count = Number.parseInt(size, 16);
    if (count === 0) break;
    if (at + count > bytes.length) throw incomplete();
    chunks.push(bytes.subarray(at, at + count));
    at += count;
    if (line() !== '') throw malformed();
  }
  const trailers: Record<string, string> = {};
  for (let trailer = line(); trailer !== ''; trailer = line()) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(trailer) ?? [];
    if (name === '') throw malformed();
    trailers[name.trim().toLowerCase()] = value.trim();
  }
  return { body: Buffer.concat(chunks), trailers };
}
