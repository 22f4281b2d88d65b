import type { Call } from './call.ts';
import { expectedDigests } from './checksums.ts';
import { checksumHeaders, identifyingHeaders, keptHeaders, objectHeaders, versionHeader } from './object-headers.ts';
import type { ObjectVersion } from './object-index.ts';
import type { S3Answer } from './s3-answer.ts';
import { noSuchKey, notImplemented, S3Error } from './s3-error.ts';
import { uploadBody } from './s3-request.ts';

const preconditionFailed = (condition: string): S3Error =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition: condition },
  });

/** Compares an ETag with what `If-Match` names. */
const matches = (condition: string, etag: string): boolean =>
  condition.split(',').some((one) => ['*', etag, `"${etag}"`].includes(one.trim()));

/** PutObject, with `If-Match` and `If-None-Match: *`. */
export async function putObject({ request, bucket, store, source }: Call): Promise<S3Answer> {
  const { headers, key } = request;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag');
  const trailers = new Map<string, string>();
  const version = await store.put(bucket, {
    key,
    body: uploadBody(request, trailers),
    expected: expectedDigests(headers, trailers),
    headers: keptHeaders(headers),
    condition: (current) => {
      if (ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
      if (ifMatch === undefined) return;
      if (current === undefined) throw noSuchKey(key);
      if (!matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
    },
    source: source('ObjectCreated:Put'),
  });
  return { status: 200, headers: { ...identifyingHeaders(bucket, version), ...checksumHeaders(version) } };
}

/** GetObject and HeadObject: by version, in part, and only if it matches. */
export function getObject(call: Call): S3Answer {
  const { request, bucket, store } = call;
  const version = findVersion(call);
  const ifMatch = request.headers['if-match'];
  if (ifMatch !== undefined && !matches(ifMatch, version.etag)) throw preconditionFailed('If-Match');
  const range = readRange(request.headers['range'], version.size);
  const { start, end } = range ?? { start: 0, end: version.size - 1 };
  const checksum = request.headers['x-amz-checksum-mode'] === 'ENABLED' && range === undefined;
  const headers = {
    ...objectHeaders(bucket, version),
    ...(checksum ? checksumHeaders(version) : {}),
    'content-length': String(end - start + 1),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${version.size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD' || end < start) return { status, headers };
  return { status, headers, body: store.read(version, start, end) };
}

/** DeleteObject. What is not there is deleted just as well. */
export function deleteObject({ request, bucket, store }: Call): S3Answer {
  const { versionId, deleteMarker } = store.delete(bucket, request.key, request.query.get('versionId') ?? undefined);
  const marker: Record<string, string> = deleteMarker ? { 'x-amz-delete-marker': 'true' } : {};
  return { status: 204, headers: { ...marker, ...(versionId === undefined ? {} : versionHeader(bucket, versionId)) } };
}

function findVersion({ request, bucket, store }: Call): ObjectVersion {
  const versionId = request.query.get('versionId') ?? undefined;
  const version = store.index.find(bucket.name, request.key, versionId);
  if (version === undefined && versionId !== undefined) {
    const details = { Key: request.key, VersionId: versionId };
    throw new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', { details });
  }
  if (version === undefined) throw noSuchKey(request.key);
  if (version.body !== null) return version;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, version.versionId) };
  if (versionId === undefined) throw noSuchKey(request.key, headers);
  throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    headers: { ...headers, allow: 'DELETE' },
  });
}

/** The part that is asked for; undefined for all of it. Like S3, it gives all where several parts are asked for. */
function readRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start < size && start <= end) return { start, end };
  throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
    details: { RangeRequested: header ?? '', ActualObjectSize: size },
  });
}
