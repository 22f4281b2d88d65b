import { encodeKey } from './event-message.ts';
import type { Call } from './object-calls.ts';
import { document, element, type S3Answer, texts } from './s3-answer.ts';
import { invalidArgument, notImplemented } from './s3-error.ts';
import type { ObjectVersion } from './versions.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** The most that S3 lists at once, whatever is asked for. */
const MAXIMUM_KEYS = 1000;

interface Asked {
  readonly prefix: string;
  readonly maxKeys: number;
  readonly encodingType: string | undefined;
  /** Writes a key as asked for. */
  readonly shown: (key: string) => string;
}

function readAsked({ request: { query } }: Call): Asked {
  const maxKeys = query.get('max-keys') ?? String(MAXIMUM_KEYS);
  if (!/^\d+$/.test(maxKeys)) throw invalidArgument('Provided max-keys not an integer', 'max-keys', maxKeys);
  const encodingType = query.get('encoding-type') ?? undefined;
  return {
    prefix: query.get('prefix') ?? '',
    maxKeys: Math.min(Number(maxKeys), MAXIMUM_KEYS),
    encodingType,
    shown: encodingType === 'url' ? encodeKey : (key) => key,
  };
}

const answer = (root: string, content: string): S3Answer => ({
  status: 200,
  body: document(`<${root} xmlns="${NAMESPACE}">${content}</${root}>`),
});

const described = ({ modified, object }: ObjectVersion): string =>
  texts({
    LastModified: new Date(modified).toISOString(),
    ETag: object?.etag,
    Size: object?.contentLength,
    StorageClass: 'STANDARD',
  });

/** ListObjectsV2, with prefix, delimiter, start and continuation. */
export function listObjects(call: Call): S3Answer {
  const { prefix, maxKeys, encodingType, shown } = readAsked(call);
  const { query } = call.request;
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token') ?? undefined;
  const startAfter = query.get('start-after') ?? '';
  // A token names what was listed last: a key, or a common prefix, whose keys are all passed over then.
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString('utf8');
  const afterPrefix = token !== undefined && delimiter !== '' && after.endsWith(delimiter) ? after : undefined;

  const listed: string[] = [];
  let contents = '';
  let last = afterPrefix ?? '';
  let truncated = false;
  for (const version of maxKeys === 0 ? [] : call.store.versions.objects(call.bucket.name, prefix, after)) {
    const end = delimiter === '' ? -1 : version.key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : version.key.slice(0, end + delimiter.length);
    if (common !== undefined && common === last) continue;
    if (listed.length === maxKeys) {
      truncated = true;
      break;
    }
    last = common ?? version.key;
    listed.push(last);
    contents +=
      common === undefined
        ? element('Contents', texts({ Key: shown(version.key) }) + described(version))
        : element('CommonPrefixes', texts({ Prefix: shown(common) }));
  }
  const head = texts({
    Name: call.bucket.name,
    Prefix: shown(prefix),
    Delimiter: delimiter === '' ? undefined : shown(delimiter),
    MaxKeys: maxKeys,
    KeyCount: listed.length,
    IsTruncated: truncated,
    EncodingType: encodingType,
    StartAfter: startAfter === '' ? undefined : shown(startAfter),
    ContinuationToken: token,
    NextContinuationToken: truncated ? Buffer.from(last).toString('base64url') : undefined,
  });
  return answer('ListBucketResult', head + contents);
}

/** ListObjectVersions: versions and delete markers, the newest of each key first. */
export function listVersions(call: Call): S3Answer {
  const { prefix, maxKeys, encodingType, shown } = readAsked(call);
  const { bucket, store, request } = call;
  if (request.query.has('delimiter')) throw notImplemented('a delimiter between versions');
  const key = request.query.get('key-marker') ?? '';
  const versionId = request.query.get('version-id-marker') ?? undefined;
  const marker = versionId === undefined ? undefined : store.versions.find(bucket.name, key, versionId);

  let contents = '';
  let count = 0;
  let last: ObjectVersion | undefined;
  let truncated = false;
  const after = { key, sequence: marker?.sequence ?? 0 };
  for (const version of maxKeys === 0 ? [] : store.versions.versions(bucket.name, prefix, after)) {
    if (count === maxKeys) {
      truncated = true;
      break;
    }
    const names = texts({ Key: shown(version.key), VersionId: version.versionId, IsLatest: version.latest });
    contents +=
      version.object === null
        ? element('DeleteMarker', names + texts({ LastModified: new Date(version.modified).toISOString() }))
        : element('Version', names + described(version));
    count += 1;
    last = version;
  }
  const head = texts({
    Name: bucket.name,
    Prefix: shown(prefix),
    KeyMarker: shown(key),
    VersionIdMarker: versionId,
    MaxKeys: maxKeys,
    EncodingType: encodingType,
    IsTruncated: truncated,
    NextKeyMarker: truncated && last !== undefined ? shown(last.key) : undefined,
    NextVersionIdMarker: truncated ? last?.versionId : undefined,
  });
  return answer('ListVersionsResult', head + contents);
}
