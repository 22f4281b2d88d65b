import { encodeKey } from './event-message.ts';
import type { Call } from './object-calls.ts';
import { document, element, invalidArgument, notImplemented, type S3Answer, type Texts, texts } from './s3-answer.ts';
import type { ObjectVersion } from './versions.ts';

/** The most that S3 lists at once, whatever is asked for. */
const MAXIMUM_KEYS = 1000;

/** A function that writes a key as the request asks for. */
const shownAs = (query: URLSearchParams) => (query.get('encoding-type') === 'url' ? encodeKey : (key: string) => key);

/** A listing as a document; `head` has the elements of this kind of listing. */
function answer(root: string, { bucket, request: { query } }: Call, head: Texts, contents: string): S3Answer {
  const named = {
    Name: bucket.name,
    Prefix: shownAs(query)(query.get('prefix') ?? ''),
    MaxKeys: maximumOf(query),
    EncodingType: query.get('encoding-type') ?? undefined,
    ...head,
  };
  const xml = `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${texts(named)}${contents}</${root}>`;
  return { status: 200, body: document(xml) };
}

function maximumOf(query: URLSearchParams): number {
  const asked = query.get('max-keys') ?? String(MAXIMUM_KEYS);
  if (!/^\d+$/.test(asked)) throw invalidArgument('Provided max-keys not an integer', 'max-keys', asked);
  return Math.min(Number(asked), MAXIMUM_KEYS);
}

const described = ({ modified, object }: ObjectVersion): string => {
  const [LastModified, StorageClass] = [new Date(modified).toISOString(), 'STANDARD'];
  return texts({ LastModified, ETag: object?.etag, Size: object?.contentLength, StorageClass });
};

/** ListObjectsV2, with prefix, delimiter, start and continuation. fauxqs's own loses its place where a page ends in a common prefix. */
export function listObjects(call: Call): S3Answer {
  const { query } = call.request;
  const [maximum, shown, prefix] = [maximumOf(query), shownAs(query), query.get('prefix') ?? ''];
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token') ?? undefined;
  const startAfter = query.get('start-after') ?? '';
  // A token names what was listed last: a key, or a common prefix, whose keys are all passed over then.
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString('utf8');
  let last = token !== undefined && delimiter !== '' && after.endsWith(delimiter) ? after : '';
  let [contents, count, truncated] = ['', 0, false];
  for (const version of maximum === 0 ? [] : call.store.versions.objects(call.bucket.name, prefix, after)) {
    const end = delimiter === '' ? -1 : version.key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : version.key.slice(0, end + delimiter.length);
    if (common !== undefined && common === last) continue;
    truncated = count === maximum;
    if (truncated) break;
    count += 1;
    last = common ?? version.key;
    contents +=
      common === undefined
        ? element('Contents', texts({ Key: shown(version.key) }) + described(version))
        : element('CommonPrefixes', texts({ Prefix: shown(common) }));
  }
  const head = {
    Delimiter: delimiter === '' ? undefined : shown(delimiter),
    KeyCount: count,
    IsTruncated: truncated,
    StartAfter: startAfter === '' ? undefined : shown(startAfter),
    ContinuationToken: token,
    NextContinuationToken: truncated ? Buffer.from(last).toString('base64url') : undefined,
  };
  return answer('ListBucketResult', call, head, contents);
}

/** ListObjectVersions: versions and delete markers, the newest of each key first. */
export function listVersions(call: Call): S3Answer {
  const { bucket, store, request } = call;
  const { query } = request;
  if (query.has('delimiter')) throw notImplemented('a delimiter between versions');
  const [maximum, shown, prefix] = [maximumOf(query), shownAs(query), query.get('prefix') ?? ''];
  const key = query.get('key-marker') ?? '';
  const versionId = query.get('version-id-marker') ?? undefined;
  const marker = versionId === undefined ? undefined : store.versions.find(bucket.name, key, versionId);
  const listed: ObjectVersion[] = [];
  let truncated = false;
  const after = { key, sequence: marker?.sequence ?? 0 };
  for (const version of maximum === 0 ? [] : store.versions.versions(bucket.name, prefix, after)) {
    truncated = listed.length === maximum;
    if (truncated) break;
    listed.push(version);
  }
  const last = truncated ? listed.at(-1) : undefined;
  const contents = listed.map((version) => {
    const names = texts({ Key: shown(version.key), VersionId: version.versionId, IsLatest: version.latest });
    const modified = texts({ LastModified: new Date(version.modified).toISOString() });
    if (version.object === null) return element('DeleteMarker', names + modified);
    return element('Version', names + described(version));
  });
  const head = {
    KeyMarker: shown(key),
    VersionIdMarker: versionId,
    IsTruncated: truncated,
    NextKeyMarker: last && shown(last.key),
    NextVersionIdMarker: last?.versionId,
  };
  return answer('ListVersionsResult', call, head, contents.join(''));
}
