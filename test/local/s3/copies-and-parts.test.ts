import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FILES, MemoryQueues, PLAIN, type S3UnderTest, startS3 } from './s3-under-test.ts';

const MEGABYTE = 1024 ** 2;

let queues: MemoryQueues;
let s3: S3UnderTest;
beforeEach(async () => {
  queues = new MemoryQueues();
  s3 = await startS3(queues);
});
afterEach(() => s3.close());

const bytesOf = async (Key: string, more: object = {}): Promise<Buffer> => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: FILES, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

/** Uploads in parts, as `aws s3 cp` does with what is larger than 8 MB. */
async function uploadInParts(Key: string, parts: readonly Buffer[]) {
  const place = { Bucket: FILES, Key };
  const { UploadId } = await s3.client.send(
    new CreateMultipartUploadCommand({ ...place, ContentType: 'text/csv', Metadata: { one: 'two' } }),
  );
  const Parts = await Promise.all(
    parts.map(async (Body, index) => {
      const part = { PartNumber: index + 1 };
      const uploaded = await s3.client.send(new UploadPartCommand({ ...place, ...part, UploadId, Body }));
      return { ...part, ETag: uploaded.ETag, ChecksumCRC32: uploaded.ChecksumCRC32 };
    }),
  );
  return s3.client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
}

test('9 MB uploaded in parts is one object, with one version and one event', async () => {
  const [first, second] = [randomBytes(5 * MEGABYTE), randomBytes(4 * MEGABYTE)];
  const completed = await uploadInParts('drop/parts.csv', [first, second]);
  expect(completed).toMatchObject({ Key: 'drop/parts.csv', ETag: expect.stringMatching(/^"[0-9a-f]{32}-2"$/) });
  expect((await bytesOf('drop/parts.csv')).equals(Buffer.concat([first, second]))).toBe(true);
  expect((await bytesOf('drop/parts.csv', { PartNumber: 2 })).equals(second)).toBe(true);
  expect(await s3.client.send(new HeadObjectCommand({ Bucket: FILES, Key: 'drop/parts.csv' }))).toMatchObject({
    ContentLength: 9 * MEGABYTE,
    ContentType: 'text/csv',
    Metadata: { one: 'two' },
    VersionId: completed.VersionId,
  });
  await expect.poll(() => queues.records).toHaveLength(1);
  expect(queues.records).toMatchObject([
    {
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      s3: {
        object: {
          key: 'drop/parts.csv',
          size: 9 * MEGABYTE,
          eTag: completed.ETag?.replaceAll('"', ''),
          versionId: completed.VersionId,
        },
      },
    },
  ]);
  expect(s3.meter.read()).toMatchObject({
    calls: { s3: { CreateMultipartUpload: 1, UploadPart: 2, CompleteMultipartUpload: 1 } },
    units: { 's3.putRequest': 4 },
  });
});

test('an object is copied in parts, as the AWS CLI does it, while it is what it was', async () => {
  const place = { Bucket: FILES, Key: 'drop/copied.csv' };
  const body = randomBytes(9 * MEGABYTE);
  await s3.put('source', body);
  const { ETag } = await s3.client.send(new HeadObjectCommand({ Bucket: FILES, Key: 'source' }));
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(place));
  const copy = (PartNumber: number, CopySourceRange: string, CopySourceIfMatch = ETag) =>
    s3.client.send(
      new UploadPartCopyCommand({
        ...place,
        UploadId,
        PartNumber,
        CopySource: `${FILES}/source`,
        CopySourceRange,
        CopySourceIfMatch,
      }),
    );
  await expect(copy(1, 'bytes=0-9', '"x"')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  const half = 5 * MEGABYTE;
  const copied = [await copy(1, `bytes=0-${half - 1}`), await copy(2, `bytes=${half}-${body.length - 1}`)];
  const Parts = copied.map(({ CopyPartResult }, index) => ({ PartNumber: index + 1, ETag: CopyPartResult?.ETag }));
  await s3.client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  expect((await bytesOf('drop/copied.csv')).equals(body)).toBe(true);
  await expect.poll(() => queues.keys).toEqual(['drop/copied.csv']);
});

test('a part with a wrong checksum is refused, and so is an upload without one of its parts', async () => {
  const place = { Bucket: FILES, Key: 'drop/parts.csv' };
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(place));
  const part = { ...place, UploadId, PartNumber: 1, Body: 'x' };
  await expect(s3.client.send(new UploadPartCommand({ ...part, ContentMD5: 'AAAA' }))).rejects.toMatchObject({
    name: 'BadDigest',
  });
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: '"x"' }] };
  const complete = (conditions: object) =>
    s3.client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload, ...conditions }));
  await expect(complete({ IfMatch: '"x"' })).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(complete({})).rejects.toMatchObject({ name: 'InvalidPart' });
  await s3.client.send(new AbortMultipartUploadCommand({ ...place, UploadId }));
  await expect(s3.client.send(new UploadPartCommand(part))).rejects.toMatchObject({ name: 'NoSuchUpload' });
  await expect(s3.get('drop/parts.csv')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect(queues.records).toEqual([]);
});

test('a put beyond the 11 MiB that fauxqs takes over HTTP is stored', async () => {
  const body = randomBytes(12 * MEGABYTE);
  await s3.put('large', body);
  expect((await bytesOf('large')).equals(body)).toBe(true);
});

test('a copy is a version and an event of its own, and can be of an older version, whatever the key', async () => {
  const Key = 'a ?+/नमस्ते';
  const tagged = { StorageClass: 'STANDARD_IA', Tagging: 'a=b&c=d', CacheControl: 'no-store' } as const;
  const put = new PutObjectCommand({ Bucket: PLAIN, Key, Body: 'plain', ...tagged });
  await s3.client.send(put);
  const first = await s3.put(Key, 'first');
  await s3.put(Key, 'second');
  const copy = (CopySource: string, more: object = {}) =>
    s3.client.send(new CopyObjectCommand({ Bucket: FILES, Key: 'drop/copy', CopySource, ...more }));
  const encoded = encodeURIComponent(Key);

  const latest = await copy(`${FILES}/${encoded}`);
  expect(await s3.get('drop/copy', latest.VersionId)).toBe('second');
  const older = await copy(`${FILES}/${encoded}?versionId=${first}`);
  expect(older).toMatchObject({ CopySourceVersionId: first, CopyObjectResult: { ETag: expect.any(String) } });
  expect(await s3.get('drop/copy')).toBe('first');
  await copy(`/${PLAIN}/${encoded}`);
  const described = { CacheControl: 'no-store', TagCount: 2 };
  const copied = new HeadObjectCommand({ Bucket: FILES, Key: 'drop/copy' });
  expect(await s3.client.send(copied)).toMatchObject(described);
  expect(await s3.client.send(new GetObjectTaggingCommand({ Bucket: FILES, Key: 'drop/copy' }))).toMatchObject({
    TagSet: [
      { Key: 'a', Value: 'b' },
      { Key: 'c', Value: 'd' },
    ],
  });
  await copy(`${FILES}/${encoded}`, { MetadataDirective: 'REPLACE', ContentType: 'text/csv', Metadata: { a: 'b' } });
  expect(await s3.client.send(copied)).toMatchObject({ ContentType: 'text/csv', Metadata: { a: 'b' } });

  await expect.poll(() => queues.records).toHaveLength(4);
  expect(queues.records.map(({ eventName }) => eventName)).toEqual(Array(4).fill('ObjectCreated:Copy'));
  expect(queues.records[1]?.s3.object.versionId).toBe(older.VersionId);
  expect(s3.meter.read().calls['s3']).toMatchObject({ CopyObject: 4 });
  const calls = s3.record.read().map(({ action, resource }) => `${action} ${resource}`);
  expect(calls).toContain(`s3:GetObjectVersion arn:aws:s3:::files/${Key}`);
  expect(calls).toContain('s3:PutObject arn:aws:s3:::files/drop/copy');
});
