import { callerOf } from '../aws-front.ts';
import { checkDigests } from './checksums.ts';
import { act, type Call } from './object-calls.ts';
import { readForm } from './post-form.ts';
import { checkPolicy, type SizeRange } from './post-policy.ts';
import { verifyPolicySignature } from './post-signature.ts';
import {
  document,
  element,
  invalidArgument,
  missingContentLength,
  notImplemented,
  type S3Answer,
  S3Error,
  texts,
} from './s3-answer.ts';
import { checkedKey, readBody } from './s3-request.ts';
import { uploadHeaders } from './uploads.ts';

/** POST Object: the upload of a file by a form that was signed beforehand, with all of its policy's conditions. */
export async function postObject(call: Call): Promise<S3Answer> {
  const { request, bucket } = call;
  const contentType = request.headers['content-type'] ?? '';
  if (request.headers['content-length'] === undefined) throw missingContentLength();
  const form = await readForm(contentType, await readBody(request));
  const caller = callerOf(verifyPolicySignature(form.fields, call.region));
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
  // The form carries the rights of who signed it.
  call.record(caller, 'PostObject', bucket.name, checkedKey(key), undefined);
  checkSize(form.file.length, range);
  const given = Object.fromEntries(fields);
  const refused = ['tagging', 'x-amz-copy-source'].find((name) => given[name] !== undefined);
  if (refused !== undefined) throw notImplemented(refused);
  await checkDigests(given, form.file);
  const input = { key, headers: uploadHeaders(given), body: form.file };
  const { headers = {} } = act({ ...call, caller }, 'putObject', 'ObjectCreated:Post', input);
  return answer(call, key, headers, given);
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

function checkSize(size: number, { minimum, maximum }: SizeRange): void {
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

/** Answers as the form asks for. */
function answer(
  { request, bucket: { name: Bucket } }: Call,
  Key: string,
  headers: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>>,
): S3Answer {
  const ETag = headers['etag'] ?? '';
  const redirect = fields['success_action_redirect'] ?? fields['redirect'];
  if (redirect !== undefined && URL.canParse(redirect)) {
    const target = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket: Bucket, key: Key, etag: ETag })) {
      target.searchParams.append(name, value);
    }
    return { status: 303, headers: { ...headers, location: target.href } };
  }
  const Location = `http://${request.headers['host']}/${Bucket}/${encodeURIComponent(Key)}`;
  const all = { ...headers, location: Location };
  switch (fields['success_action_status']) {
    case '200':
      return { status: 200, headers: all };
    case '201':
      return {
        status: 201,
        headers: all,
        body: document(element('PostResponse', texts({ Location, Bucket, Key, ETag }))),
      };
    default:
      return { status: 204, headers: all };
  }
}
