import { callerOf } from '../aws-front.ts';
import type { Call } from './call.ts';
import { expectedDigests } from './checksums.ts';
import { checksumHeaders, identifyingHeaders, keptHeaders } from './object-headers.ts';
import type { ObjectVersion } from './object-index.ts';
import { readForm } from './post-form.ts';
import { checkPolicy, type SizeRange } from './post-policy.ts';
import { verifyPolicySignature } from './post-signature.ts';
import type { S3Answer } from './s3-answer.ts';
import { invalidArgument, S3Error } from './s3-error.ts';
import { checkedKey } from './s3-request.ts';
import { document, element, texts } from './xml.ts';

/** Where the object would be found, as the answer to its upload says. */
const locationOf = ({ request }: Call, key: string): string =>
  `http://${request.headers['host']}/${request.bucket}/${encodeURIComponent(key)}`;

/**
 * POST Object: the upload of a file by a form that was signed beforehand, with all of its policy's conditions. `signed` is told who signed
 * it and the key, before anything is stored: the form carries that identity's rights.
 */
export async function postObject(
  call: Call,
  region: string,
  signed: (caller: string, key: string) => void,
): Promise<S3Answer> {
  const { request, bucket, store } = call;
  if (request.headers['content-length'] === undefined) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const form = await readForm(request);
  const caller = callerOf(verifyPolicySignature(form.fields, region));
  const fields = expanded(form.fields, form.fileName);
  const key = fields.get('key') ?? '';
  if (key === '') {
    throw invalidArgument(
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      'key',
    );
  }
  // The bucket is a field like any other to the policy, and what counts is the one that is posted to.
  const posted = fields.get('bucket');
  if (posted !== undefined && posted !== bucket.name) {
    throw invalidArgument('The field bucket is not the bucket that the form is posted to', 'bucket', posted);
  }
  const range = checkPolicy(fields.get('policy') ?? '', new Map([...fields, ['bucket', bucket.name]]), Date.now());
  signed(caller, checkedKey(key));
  const given = Object.fromEntries(fields);
  const version = await store.put(bucket, {
    key,
    body: withinRange(form.file, range),
    expected: expectedDigests(given),
    headers: keptHeaders(given),
    source: { ...call.source('ObjectCreated:Post'), caller },
  });
  return answer(call, version, given);
}

/** Replaces `${filename}`, which comes before the conditions are checked. */
function expanded(fields: ReadonlyMap<string, string>, fileName: string): Map<string, string> {
  return new Map(
    [...fields].map(([name, value]) => [
      name,
      name === 'key' || name.startsWith('x-amz-meta-') ? value.replaceAll(/\$\{filename\}/g, () => fileName) : value,
    ]),
  );
}

/** A file that is too long is read to its end without being kept, since the error says how long it is. */
async function* withinRange(file: AsyncIterable<Buffer>, { minimum, maximum }: SizeRange): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const bytes of file) {
    size += bytes.length;
    if (size <= maximum) yield bytes;
  }
  if (size > maximum) {
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      details: { ProposedSize: size, MaxSizeAllowed: maximum },
    });
  }
  if (size < minimum) {
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      details: { ProposedSize: size, MinSizeAllowed: minimum },
    });
  }
}

function answer(call: Call, version: ObjectVersion, fields: Readonly<Record<string, string>>): S3Answer {
  const { bucket } = call;
  const location = locationOf(call, version.key);
  const headers = { ...identifyingHeaders(bucket, version), ...checksumHeaders(version) };
  const redirect = fields['success_action_redirect'] ?? fields['redirect'];
  if (redirect !== undefined && URL.canParse(redirect)) {
    const target = new URL(redirect);
    for (const [name, value] of [
      ['bucket', bucket.name],
      ['key', version.key],
      ['etag', `"${version.etag}"`],
    ] as const) {
      target.searchParams.append(name, value);
    }
    return { status: 303, headers: { ...headers, location: target.href } };
  }
  const all = { ...headers, location };
  switch (fields['success_action_status']) {
    case '200':
      return { status: 200, headers: all };
    case '201': {
      const content = { Location: location, Bucket: bucket.name, Key: version.key, ETag: `"${version.etag}"` };
      return { status: 201, headers: all, body: document(element('PostResponse', texts(content))) };
    }
    default:
      return { status: 204, headers: all };
  }
}
