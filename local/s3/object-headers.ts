import type { BucketModel } from './bucket-models.ts';
import type { ObjectVersion } from './object-index.ts';
import { notImplemented, S3Error } from './s3-error.ts';

/** Kept with an object as they are, beside `x-amz-meta-…` and what is done about `Content-Type` and `Content-Encoding`. */
const KEPT = new Set(['cache-control', 'content-disposition', 'content-language', 'expires']);

const REFUSED =
  /^(x-amz-(copy-source.*|tagging|object-lock-.*|server-side-encryption-customer-.*|website-redirect-location|write-offset-bytes|grant-.*)|tagging)$/;

/**
 * What is kept of an upload's headers (or form fields, whose names are the same) and answered with the object.
 * @throws S3Error for headers that ask for what the local S3 cannot do
 */
export function keptHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const refused = Object.keys(given).find((name) => REFUSED.test(name));
  if (refused !== undefined) throw notImplemented(refused);
  if ((given['x-amz-storage-class'] ?? 'STANDARD') !== 'STANDARD') throw notImplemented('other storage classes');
  // Buckets made today have no access control lists.
  if (!['bucket-owner-full-control', undefined].includes(given['x-amz-acl'] ?? given['acl'])) {
    throw new S3Error(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  const kept = Object.entries(given).filter(([name]) => KEPT.has(name) || name.startsWith('x-amz-meta-'));
  const encoding = (given['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  return {
    ...Object.fromEntries(kept),
    'content-type': given['content-type'] ?? 'binary/octet-stream',
    ...(encoding === '' ? {} : { 'content-encoding': encoding }),
  };
}

export const versionHeader = ({ versioning }: BucketModel, versionId: string): Record<string, string> =>
  versioning === 'off' ? {} : { 'x-amz-version-id': versionId };

/** What tells a client which object it has to do with, in answers to uploads and downloads alike. */
export const identifyingHeaders = (bucket: BucketModel, version: ObjectVersion): Record<string, string> => ({
  etag: `"${version.etag}"`,
  'x-amz-server-side-encryption': 'AES256',
  ...versionHeader(bucket, version.versionId),
});

/** The checksum that came with the object, computed over all of it. */
export function checksumHeaders({ headers }: ObjectVersion): Record<string, string> {
  const checksums = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-'));
  return checksums.length === 0 ? {} : { ...Object.fromEntries(checksums), 'x-amz-checksum-type': 'FULL_OBJECT' };
}

/** A header holds no letters beyond ASCII, but a form field does: S3 then writes it as in mail (RFC 2047). */
const asHeader = (value: string): string =>
  /^[ -~]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;

/** All headers of an answer that gives (or describes) the object. */
export const objectHeaders = (bucket: BucketModel, version: ObjectVersion): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(version.headers)
      .filter(([name]) => !name.startsWith('x-amz-checksum-'))
      .map(([name, value]) => [name, asHeader(value)]),
  ),
  ...identifyingHeaders(bucket, version),
  'last-modified': new Date(version.modified).toUTCString(),
  'accept-ranges': 'bytes',
});
