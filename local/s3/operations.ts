import type { NeededPermission } from '../aws-call.ts';
import type { Unit } from '../meter.ts';
import { notImplemented } from './s3-answer.ts';
import type { S3Request } from './s3-request.ts';

interface Described {
  readonly permission: string;
  /** What S3 bills it as: `PUT, COPY, POST, LIST`, `GET and all other`, or not at all. */
  readonly unit?: Unit;
  /** The parameters of a query that don't make another operation of it. */
  readonly parameters?: readonly string[];
}

const PUT = { permission: 's3:PutObject', unit: 's3.putRequest' } as const;
const PART = { ...PUT, parameters: ['uploadId', 'partNumber'] } as const;
const GET = { permission: 's3:GetObject', unit: 's3.getRequest', parameters: ['versionId', 'partNumber'] } as const;
const LIST = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const LIST_OBJECTS = [...LIST, 'list-type', 'continuation-token', 'start-after', 'fetch-owner'];
const LIST_VERSIONS = [...LIST, 'versions', 'key-marker', 'version-id-marker'];

const OPERATIONS = {
  PutObject: PUT,
  PostObject: PUT,
  CopyObject: PUT,
  CreateMultipartUpload: { ...PUT, parameters: ['uploads'] },
  UploadPart: PART,
  UploadPartCopy: PART,
  CompleteMultipartUpload: PART,
  AbortMultipartUpload: { permission: 's3:AbortMultipartUpload', parameters: ['uploadId'] },
  GetObject: GET,
  HeadObject: GET,
  GetObjectTagging: { permission: 's3:GetObjectTagging', unit: 's3.getRequest', parameters: ['tagging', 'versionId'] },
  PutObjectTagging: { permission: 's3:PutObjectTagging', unit: 's3.putRequest', parameters: ['tagging', 'versionId'] },
  DeleteObjectTagging: { permission: 's3:DeleteObjectTagging', parameters: ['tagging', 'versionId'] },
  DeleteObject: { permission: 's3:DeleteObject', parameters: ['versionId'] },
  ListObjectsV2: { permission: 's3:ListBucket', unit: 's3.putRequest', parameters: LIST_OBJECTS },
  ListObjectVersions: { permission: 's3:ListBucketVersions', unit: 's3.putRequest', parameters: LIST_VERSIONS },
  HeadBucket: { permission: 's3:ListBucket', unit: 's3.getRequest' },
} as const satisfies Record<string, Described>;

export type Operation = keyof typeof OPERATIONS;

const described = (operation: Operation): Described => OPERATIONS[operation];

export const billedAs = (operation: Operation): Unit | undefined => described(operation).unit;

/**
 * Which operation a request is. One that is not here is described by its method, or by a query parameter such as `?acl`.
 * @throws S3Error `NotImplemented`
 */
export function operationOf(request: S3Request): Operation {
  const { method, bucket, key, query } = request;
  const operation = bucket === '' ? undefined : key === '' ? onBucket(method, query) : onObject(request);
  const known = operation === undefined ? [] : (described(operation).parameters ?? []);
  const unknown = [...query.keys()].find(
    (name) => !(known.includes(name) || name === 'x-id' || name.toLowerCase().startsWith('x-amz-')),
  );
  if (operation === undefined || unknown !== undefined) {
    const what = key !== '' ? 'an object' : bucket !== '' ? 'a bucket' : 'all buckets';
    throw notImplemented(`${method} ${unknown === undefined ? '' : `?${unknown} `}for ${what}`);
  }
  return operation;
}

function onObject({ method, query, headers }: S3Request): Operation | undefined {
  const copies = headers['x-amz-copy-source'] !== undefined;
  switch (method) {
    case 'PUT':
      if (query.has('tagging')) return 'PutObjectTagging';
      if (query.has('uploadId')) return copies ? 'UploadPartCopy' : 'UploadPart';
      return copies ? 'CopyObject' : 'PutObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return query.has('uploadId') ? 'CompleteMultipartUpload' : undefined;
    case 'GET':
      return query.has('tagging') ? 'GetObjectTagging' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      if (query.has('tagging')) return 'DeleteObjectTagging';
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return undefined;
  }
}

function onBucket(method: string, query: URLSearchParams): Operation | undefined {
  if (method === 'POST') return 'PostObject';
  if (method === 'HEAD') return 'HeadBucket';
  if (method !== 'GET') return undefined;
  if (query.has('versions')) return 'ListObjectVersions';
  return query.get('list-type') === '2' ? 'ListObjectsV2' : undefined;
}

/** What the caller's role must allow, on an object or on the bucket (by ARN). */
export function permissionFor(
  operation: Operation,
  bucketArn: string,
  key: string,
  versionId: string | null | undefined,
): NeededPermission {
  const action = described(operation).permission;
  if (key === '') return { action, resource: bucketArn };
  return { action: versionId == null ? action : `${action}Version`, resource: `${bucketArn}/${key}` };
}
