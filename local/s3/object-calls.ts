import { z } from 'zod';
import type { ActionName } from '../fauxqs.ts';
import type { BucketModel } from './bucket-models.ts';
import type { Act, ObjectStore } from './object-store.ts';
import type { Operation } from './operations.ts';
import {
  document,
  element,
  noSuchKey,
  notImplemented,
  preconditionFailed,
  type S3Answer,
  S3Error,
  texts,
} from './s3-answer.ts';
import { readBody, type S3Request, splitPath } from './s3-request.ts';
import { KEPT_METADATA, readUpload, uploadHeaders } from './uploads.ts';
import type { ObjectVersion } from './versions.ts';

/** One call on a bucket that exists, or on an object of it. */
export interface Call {
  readonly request: S3Request;
  readonly bucket: BucketModel;
  readonly store: ObjectStore;
  readonly region: string;
  readonly caller: string;
  /** Records that a caller needs the permission for an operation on an object of a bucket, which must exist. */
  record(caller: string, operation: Operation, bucket: string, key: string, versionId: string | undefined): void;
}

/** Has fauxqs do an action, and adds to its answer what fauxqs doesn't know of. Without an `event`, the action makes no object. */
export function act(
  { bucket, store, region, caller, request }: Call,
  action: ActionName,
  event: string,
  input: Pick<Act, 'headers' | 'body' | 'versionId' | 'condition'> & { readonly key?: string },
): S3Answer {
  const source = { region, event, caller, requestId: request.id, sourceIp: request.sourceIp };
  const query = Object.fromEntries(request.query);
  const { answer, version } = store.act(action, { bucket, key: request.key, query, source, ...input });
  const { [`x-amz-meta-${KEPT_METADATA}`]: _, ...headers } = answer.headers ?? {};
  if (version === undefined) return { ...answer, headers };
  const { 'x-amz-tagging': tags, ...kept } = event === '' ? keptWith(version) : {};
  const added = {
    'accept-ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
    ...versionHeader(bucket, version.versionId),
    ...(tags === undefined ? {} : { 'x-amz-tagging-count': String([...new URLSearchParams(tags)].length) }),
  };
  return { ...answer, headers: { ...headers, ...kept, ...added } };
}

/** What is kept with a version that fauxqs itself does not keep. */
const keptWith = ({ object }: ObjectVersion): Record<string, string> =>
  z.record(z.string(), z.string()).parse(JSON.parse(object?.metadata[KEPT_METADATA] ?? '{}'));

export const versionHeader = ({ versioning }: BucketModel, versionId: string): Record<string, string> =>
  versioning === 'off' ? {} : { 'x-amz-version-id': versionId };

/** Compares an ETag with what `If-Match` names. */
const matches = (condition: string, etag: string): boolean =>
  condition.split(',').some((one) => ['*', etag, etag.replaceAll('"', '')].includes(one.trim()));

/** PutObject, with `If-Match` and `If-None-Match: *`. */
export async function putObject(call: Call): Promise<S3Answer> {
  const condition = conditionOf(call.request);
  const { headers, body } = await readUpload(call.request);
  return act(call, 'putObject', 'ObjectCreated:Put', { headers: uploadHeaders(headers), body, condition });
}

function conditionOf({ key, headers }: S3Request): (current: ObjectVersion | undefined) => void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag');
  return (current) => {
    if (ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
    if (ifMatch === undefined) return;
    if (current === undefined) throw noSuchKey(key);
    if (!matches(ifMatch, current.object?.etag ?? '')) throw preconditionFailed('If-Match');
  };
}

/** CopyObject and UploadPartCopy. */
export function copy(call: Call, action: 'putObject' | 'uploadPart'): S3Answer {
  const { headers } = call.request;
  const [path = '', versionId] = (headers['x-amz-copy-source'] ?? '').split('?versionId=');
  const source = splitPath(path);
  call.record(call.caller, 'GetObject', ...source, versionId);
  const { 'x-amz-copy-source-if-match': ifMatch } = headers;
  if (ifMatch !== undefined && !matches(ifMatch, call.store.find(...source, versionId).object.etag)) {
    throw preconditionFailed('x-amz-copy-source-If-Match');
  }
  const sent = { ...uploadHeaders(headers), 'x-amz-copy-source': source.map(encodeURIComponent).join('/') };
  const from = call.store.find(...source, versionId);
  const answer = act(call, action, 'ObjectCreated:Copy', { headers: sent, versionId });
  // Tags are copied unless they're replaced. The storage class isn't (S3 API reference, "CopyObject").
  if (action === 'putObject') {
    const { 'x-amz-tagging': tags, 'x-amz-storage-class': storageClass } = headers;
    const copiedTags = headers['x-amz-tagging-directive'] === 'REPLACE' ? tags : keptWith(from)['x-amz-tagging'];
    change(call, { 'x-amz-tagging': copiedTags, 'x-amz-storage-class': storageClass });
  }
  const copied: Record<string, string> = versionId === undefined ? {} : { 'x-amz-copy-source-version-id': versionId };
  return { ...answer, headers: { ...answer.headers, ...copied } };
}

/** Keeps something else with the version that a call is about: what is undefined, or nothing, is kept no longer. */
function change({ request, bucket, store }: Call, changed: Record<string, string | undefined>): ObjectVersion {
  const version = store.find(bucket.name, request.key, request.query.get('versionId') ?? undefined);
  const kept = Object.entries({ ...keptWith(version), ...changed }).filter(
    ([, value]) => value && value !== 'STANDARD',
  );
  const metadata = { ...version.object.metadata, [KEPT_METADATA]: JSON.stringify(Object.fromEntries(kept)) };
  store.versions.describe(version, { ...version.object, metadata });
  return version;
}

/** GetObject and HeadObject: by version, in part, and only if it matches. */
export function getObject(call: Call, action: 'getObject' | 'headObject'): S3Answer {
  const { request, store, bucket } = call;
  const versionId = request.query.get('versionId') ?? undefined;
  const version = store.find(bucket.name, request.key, versionId);
  const { object } = version;
  if (action === 'getObject' && ARCHIVES.test(keptWith(version)['x-amz-storage-class'] ?? '')) {
    throw new S3Error(403, 'InvalidObjectState', "The operation is not valid for the object's storage class");
  }
  const { 'if-match': ifMatch, range, ...headers } = request.headers;
  if (ifMatch !== undefined && !matches(ifMatch, object.etag)) throw preconditionFailed('If-Match');
  const part = readRange(range, object.contentLength);
  const sent = part === undefined ? headers : { ...headers, range: part };
  // fauxqs does not look for a range in HeadObject.
  const ranged = action === 'headObject' && part !== undefined ? 'getObject' : action;
  return act(call, ranged, '', { headers: sent, versionId });
}

/** What is in one of these has to be restored before it can be read. */
const ARCHIVES = /^(GLACIER|DEEP_ARCHIVE)$/;

/** A range as fauxqs reads it; undefined for all. Like S3, it gives all where several parts are asked for. */
function readRange(header: string | undefined, size: number): string | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return `bytes=-${Math.min(Number(last), size)}`;
  return last !== '' && Number(last) < Number(first) ? undefined : `bytes=${first}-${last}`;
}

/** DeleteObject. What doesn't exist is deleted just as well. */
export function deleteObject({ request, bucket, store }: Call): S3Answer {
  const { versionId, deleteMarker } = store.delete(bucket, request.key, request.query.get('versionId') ?? undefined);
  const marker: Record<string, string> = deleteMarker ? { 'x-amz-delete-marker': 'true' } : {};
  return { status: 204, headers: { ...marker, ...(versionId === undefined ? {} : versionHeader(bucket, versionId)) } };
}

export function getTagging({ request, bucket, store }: Call): S3Answer {
  const version = store.find(bucket.name, request.key, request.query.get('versionId') ?? undefined);
  const tags = [...new URLSearchParams(keptWith(version)['x-amz-tagging'])];
  const set = tags.map(([Key, Value]) => element('Tag', texts({ Key, Value }))).join('');
  return {
    status: 200,
    headers: versionHeader(bucket, version.versionId),
    body: document(element('Tagging', element('TagSet', set))),
  };
}

/** PutObjectTagging, whose body is XML, and DeleteObjectTagging. Neither makes a version. */
export async function putTagging(call: Call): Promise<S3Answer> {
  const tags = [...(await readBody(call.request)).toString('utf8').matchAll(/<Tag>(.*?)<\/Tag>/gs)];
  const textOf = (xml: string, name: string): string =>
    plain(new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '');
  const pairs = tags.map(([, xml = '']): [string, string] => [textOf(xml, 'Key'), textOf(xml, 'Value')]);
  const { versionId } = change(call, { 'x-amz-tagging': new URLSearchParams(pairs).toString() });
  return { status: 200, headers: versionHeader(call.bucket, versionId) };
}

export function deleteTagging(call: Call): S3Answer {
  const { versionId } = change(call, { 'x-amz-tagging': undefined });
  return { status: 204, headers: versionHeader(call.bucket, versionId) };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
/** The text of XML without elements. */
const plain = (xml: string): string => xml.replaceAll(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);

export const createUpload = (call: Call): S3Answer =>
  act(call, 'createMultipartUpload', '', { headers: uploadHeaders(call.request.headers) });

export async function uploadPart(call: Call): Promise<S3Answer> {
  const { headers, body } = await readUpload(call.request);
  const number = Number(call.request.query.get('partNumber'));
  if (!(Number.isInteger(number) && number >= 1 && number <= 10_000)) {
    throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  return act(call, 'uploadPart', '', { headers: uploadHeaders(headers), body });
}

export async function completeUpload(call: Call): Promise<S3Answer> {
  const condition = conditionOf(call.request);
  const input = { headers: call.request.headers, body: await readBody(call.request), condition };
  return act(call, 'completeMultipartUpload', 'ObjectCreated:CompleteMultipartUpload', input);
}

export const abortUpload = (call: Call): S3Answer =>
  act(call, 'abortMultipartUpload', '', { headers: call.request.headers });
