import type { NeededPermission } from '../aws-call.ts';
import type { Unit } from '../meter.ts';
import { notImplemented } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

const OPERATIONS = {
  PutObject: { permission: 's3:PutObject', unit: 's3.putRequest' },
  PostObject: { permission: 's3:PutObject', unit: 's3.putRequest' },
  GetObject: { permission: 's3:GetObject', unit: 's3.getRequest' },
  HeadObject: { permission: 's3:GetObject', unit: 's3.getRequest' },
  // Free of charge.
  DeleteObject: { permission: 's3:DeleteObject', unit: undefined },
  ListObjectsV2: { permission: 's3:ListBucket', unit: 's3.putRequest' },
  ListObjectVersions: { permission: 's3:ListBucketVersions', unit: 's3.putRequest' },
  HeadBucket: { permission: 's3:ListBucket', unit: 's3.getRequest' },
} as const satisfies Record<string, { permission: string; unit: Unit | undefined }>;

export type Operation = keyof typeof OPERATIONS;

/** What S3 bills the operation as: `PUT, COPY, POST, LIST` or `GET and all other`. */
export const billedAs = (operation: Operation): Unit | undefined => OPERATIONS[operation].unit;

/** Parameters of a query that do not make another operation of it. */
const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const PARAMETERS: Readonly<Record<Operation, readonly string[]>> = {
  PutObject: [],
  PostObject: [],
  GetObject: ['versionId'],
  HeadObject: ['versionId'],
  DeleteObject: ['versionId'],
  ListObjectsV2: [...LISTING, 'list-type', 'continuation-token', 'start-after', 'fetch-owner'],
  ListObjectVersions: [...LISTING, 'versions', 'key-marker', 'version-id-marker'],
  HeadBucket: [],
};

const ON_OBJECTS: Readonly<Record<string, Operation>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

/**
 * Which operation a request is. One that is not here is told by its method, or by a query parameter such as `?acl`.
 * @throws S3Error `NotImplemented`
 */
export function operationOf({ method, bucket, key, query }: S3Request): Operation {
  const operation = bucket === '' ? undefined : key === '' ? onBucket(method, query) : ON_OBJECTS[method];
  const unknown = [...query.keys()].find(
    (name) =>
      operation === undefined ||
      !(PARAMETERS[operation].includes(name) || name === 'x-id' || name.toLowerCase().startsWith('x-amz-')),
  );
  if (operation === undefined || unknown !== undefined) {
    const what = key !== '' ? 'an object' : bucket !== '' ? 'a bucket' : 'all buckets';
    throw notImplemented(`${method} ${unknown === undefined ? '' : `?${unknown} `}for ${what}`);
  }
  return operation;
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
  versionId: string | null,
): NeededPermission {
  const action = OPERATIONS[operation].permission;
  if (key === '') return { action, resource: bucketArn };
  return { action: versionId === null ? action : `${action}Version`, resource: `${bucketArn}/${key}` };
}
