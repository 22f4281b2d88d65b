import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPost } from '@aws-sdk/s3-presigned-post';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, FILES, MemoryQueues, type S3UnderTest, startS3 } from './s3-under-test.ts';

const LIMIT = 10 * 1024 * 1024;
const KEY = 'uploads/batch.csv';

let folder: string;
let queues: MemoryQueues;
let s3: S3UnderTest;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-post-'));
  queues = new MemoryQueues();
  s3 = await startS3(queues, folder);
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

/** The versions in the bucket. */
const stored = async () =>
  (await s3.client.send(new ListObjectVersionsCommand({ Bucket: FILES }))).Versions?.map(({ VersionId }) => VersionId);

/** A form as the product makes it, signed by a function of its own. */
async function presign(Fields: Record<string, string> = {}, Expires = 900, Key = KEY): Promise<PresignedPost> {
  const signer = clientOf(s3.url, 'local-CreateUpload');
  const Conditions = [['content-length-range' as const, 1, LIMIT] satisfies [string, number, number]];
  const fields = { 'Content-Type': 'text/csv', ...Fields };
  const form = await createPresignedPost(signer, { Bucket: FILES, Key, Conditions, Fields: fields, Expires });
  signer.destroy();
  return form;
}

/** Posts a form as a browser does; undefined leaves a field out. */
async function post(
  { url, fields }: PresignedPost,
  file: string | Uint8Array<ArrayBuffer> | undefined,
  changes: Record<string, string | undefined> = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) {
    if (value !== undefined) form.append(name, value);
  }
  if (file !== undefined) form.append('file', new File([file], 'from here.csv', { type: 'text/plain' }));
  const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' });
  const text = await answer.text();
  return { status: answer.status, code: /<Code>(.*?)</.exec(text)?.[1], text, headers: answer.headers };
}

/** A form with any policy, signed as the product's functions could. */
async function sign(policy: unknown, fields: Record<string, string>): Promise<PresignedPost> {
  const form = await presign();
  const encoded = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy)).toString('base64');
  const day = (form.fields['X-Amz-Date'] ?? '').slice(0, 8);
  const key = [day, 'ap-south-1', 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    'AWS4local',
  );
  const signature = createHmac('sha256', key).update(encoded).digest('hex');
  const { bucket: _, key: __, 'Content-Type': ___, ...signed } = form.fields;
  return { url: form.url, fields: { ...signed, ...fields, Policy: encoded, 'X-Amz-Signature': signature } };
}

test('a file of exactly the limit is stored as the form says, and one byte more is refused', async () => {
  const form = await presign({ 'x-amz-meta-file': 'फ़ाइल.csv' });
  const bytes = new Uint8Array(LIMIT + 1).fill(65);
  const { status, headers, text } = await post(form, bytes.subarray(0, LIMIT));
  expect([status, text]).toEqual([204, '']);
  const object = await s3.client.send(new HeadObjectCommand({ Bucket: FILES, Key: KEY }));
  expect(object).toMatchObject({
    ContentLength: LIMIT,
    ContentType: 'text/csv',
    ETag: headers.get('etag'),
    VersionId: headers.get('x-amz-version-id'),
    Metadata: { file: '=?UTF-8?B?4KSr4KS84KS+4KSH4KSyLmNzdg==?=' },
  });
  await expect.poll(() => queues.records).toHaveLength(1);
  expect(queues.records).toMatchObject([
    { eventName: 'ObjectCreated:Post', s3: { object: { key: KEY, size: LIMIT, versionId: object.VersionId } } },
  ]);
  expect(s3.record.read()).toContainEqual({
    caller: 'CreateUpload',
    action: 's3:PutObject',
    resource: `arn:aws:s3:::files/${KEY}`,
  });
  expect(s3.meter.read()).toMatchObject({ calls: { s3: { PostObject: 1 } }, units: { 's3.putRequest': 1 } });

  const files = await stored();
  const refused = await post(form, bytes);
  expect(refused).toMatchObject({ status: 400, code: 'EntityTooLarge' });
  expect(refused.text).toContain(`<ProposedSize>${LIMIT + 1}</ProposedSize><MaxSizeAllowed>${LIMIT}</MaxSizeAllowed>`);
  expect(await stored()).toEqual(files);
  expect(queues.records).toHaveLength(1);
});

test.each<[string, number, string, Record<string, string | undefined>]>([
  ['a changed key', 403, 'AccessDenied', { key: 'uploads/other.csv' }],
  ['a changed field', 403, 'AccessDenied', { 'Content-Type': 'text/html' }],
  ['a missing field', 403, 'AccessDenied', { 'Content-Type': undefined }],
  ['an added field', 403, 'AccessDenied', { 'Cache-Control': 'no-store' }],
  ['a wrong signature', 403, 'SignatureDoesNotMatch', { 'X-Amz-Signature': '0'.repeat(64) }],
  ['half a signature', 403, 'SignatureDoesNotMatch', { 'X-Amz-Signature': 'abc' }],
  ['another policy', 403, 'SignatureDoesNotMatch', { Policy: Buffer.from('{}').toString('base64') }],
  ['no signature', 400, 'InvalidArgument', { 'X-Amz-Signature': undefined }],
  ['no credential', 400, 'InvalidArgument', { 'X-Amz-Credential': undefined }],
  [
    'a credential for elsewhere',
    400,
    'InvalidArgument',
    { 'X-Amz-Credential': 'local/20260101/us-east-1/s3/aws4_request' },
  ],
  ['no policy', 403, 'AccessDenied', { Policy: undefined }],
  ['no key', 400, 'InvalidArgument', { key: undefined }],
  ['another bucket', 400, 'InvalidArgument', { bucket: 'stack-plain' }],
  ['more fields than S3 takes', 400, 'MaxPostPreDataLengthExceeded', { 'x-ignore-me': 'x'.repeat(20_480) }],
])('%s is refused, however long the file', async (_, status, code, changes) => {
  const files = await stored();
  expect(await post(await presign(), new Uint8Array(3_000_000), changes)).toMatchObject({ status, code });
  expect(await stored()).toEqual(files);
});

test('names the condition that failed', async () => {
  const { text } = await post(await presign(), 'a', { key: 'uploads/<other>.csv' });
  expect(text).toContain(
    'Invalid according to Policy: Policy Condition failed: [&#34;eq&#34;, &#34;$key&#34;, &#34;uploads/batch.csv&#34;]',
  );
});

test('an expired policy, and one that cannot be understood, are refused', async () => {
  const expired = await post(await presign({}, -1), 'a');
  expect(expired).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(expired.text).toContain('Invalid according to Policy: Policy expired.');
  expect(await post(await sign('{"expiration"', { key: KEY }), 'a')).toMatchObject({
    status: 400,
    code: 'InvalidPolicyDocument',
  });
});

test('an empty file is too small, and no file none', async () => {
  expect(await post(await presign(), '')).toMatchObject({ status: 400, code: 'EntityTooSmall' });
  expect(await post(await presign(), undefined)).toMatchObject({ status: 400, code: 'InvalidArgument' });
});

test('the file is the last field: what comes after it does not count', async () => {
  const { url, fields } = await presign();
  const { 'X-Amz-Signature': signature = '', ...before } = fields;
  const form = new FormData();
  for (const [name, value] of Object.entries(before)) form.append(name, value);
  form.append('file', new File(['a'], 'a.csv'));
  form.append('X-Amz-Signature', signature);
  const answer = await fetch(url, { method: 'POST', body: form });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('X-Amz-Signature')]);

  const whole = new FormData();
  for (const [name, value] of Object.entries(fields)) whole.append(name, value);
  for (const text of ['first', 'second']) whole.append('file', new File([text], 'a.csv'));
  whole.append('Content-Type', 'text/html');
  expect((await fetch(url, { method: 'POST', body: whole })).status).toBe(204);
  expect(await s3.get(KEY)).toBe('first');
});

test('success is answered as the form asks for', async () => {
  const ask = async (fields: Record<string, string>) => post(await presign(fields), 'a');
  expect(await ask({ success_action_status: '200' })).toMatchObject({ status: 200, text: '' });
  expect(await ask({ success_action_status: '299' })).toMatchObject({ status: 204 });
  const created = await ask({ success_action_status: '201' });
  expect(created.status).toBe(201);
  expect(created.text).toContain(`<Bucket>files</Bucket><Key>${KEY}</Key><ETag>&#34;0cc175b9c0f1b6a831c399e269772661`);
  const redirected = await ask({ success_action_redirect: 'http://127.0.0.1:1/done?a=b' });
  expect([redirected.status, redirected.headers.get('location')]).toEqual([
    303,
    'http://127.0.0.1:1/done?a=b&bucket=files&key=uploads%2Fbatch.csv&etag=%220cc175b9c0f1b6a831c399e269772661%22',
  ]);
});

test('the key can be made of the name of the file', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 replaces it.
  const form = await presign({}, 900, 'uploads/org/${filename}');
  expect(await post(form, 'named')).toMatchObject({ status: 204 });
  expect(await s3.get('uploads/org/from here.csv')).toBe('named');
});

test.each([
  ['cut short in the file', '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc'],
  ['cut short in a field', '--x\r\ncontent-disposition: form-data; name="key"\r\n\r\nabc'],
  ['no form at all', 'abc'],
])('a body that is %s is refused', async (_, body) => {
  const { fields, url } = await presign();
  const head = Object.entries(fields)
    .filter(([name]) => name !== 'key' || body.includes('file'))
    .map(([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const sent = body === 'abc' ? body : head.join('') + body;
  const answer = await fetch(url, { method: 'POST', headers, body: sent });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining('<Code>MalformedPOSTRequest</Code>'),
  ]);
});

test('only multipart/form-data of a known length is a form', async () => {
  const { url } = await presign();
  const other = await fetch(url, { method: 'POST', body: new URLSearchParams({ key: 'a' }) });
  expect([other.status, await other.text()]).toEqual([412, expect.stringContaining('PreconditionFailed')]);
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const headers = { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' };
  request(url, { method: 'POST', headers }, ({ statusCode }) => resolve(statusCode)).end('--x--');
  expect(await promise).toBe(411);
});

test('a client that goes away in the middle of the file leaves nothing', async () => {
  const { fields, url } = await presign();
  const files = await stored();
  const head = Object.entries(fields).map(
    ([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const headers = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': '5000000' };
  const posts = s3.meter.read().calls['s3']?.['PostObject'] ?? 0;
  const sent = request(url, { method: 'POST', headers });
  sent.on('error', () => undefined);
  sent.write(head.join('') + file + 'x'.repeat(1_000_000));
  await expect.poll(() => s3.meter.read().calls['s3']?.['PostObject']).toBe(posts + 1);
  sent.destroy();
  await new Promise((done) => sent.once('close', done));
  expect(await stored()).toEqual(files);
});
