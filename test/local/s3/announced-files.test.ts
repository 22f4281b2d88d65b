import { randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { s3Files, storedFiles } from '#lambdas/batch/bucket.s3.ts';
import { FILES, MemoryQueues, type S3UnderTest, startS3 } from './s3-under-test.ts';

const MEGABYTE = 1024 ** 2;
const PLACE = { Bucket: FILES, Key: 'drop/lender/portfolio.csv' };

let queues: MemoryQueues;
let s3: S3UnderTest;
beforeEach(async () => {
  queues = new MemoryQueues();
  s3 = await startS3(queues);
});
afterEach(() => s3.close());

const put = (Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
  s3.client.send(new PutObjectCommand({ ...PLACE, Body, ...more }));

/** As the AWS CLI uploads what is larger than 8 MB. */
async function putInParts(body: Buffer): Promise<void> {
  const checksum = { ChecksumAlgorithm: 'CRC64NVME' } as const;
  const described = { StorageClass: 'STANDARD_IA', Tagging: 'team=risk', ContentType: 'text/csv' } as const;
  const { UploadId } = await s3.client.send(
    new CreateMultipartUploadCommand({ ...PLACE, ...described, ...checksum, ChecksumType: 'FULL_OBJECT' }),
  );
  const half = 5 * MEGABYTE;
  const Parts = await Promise.all(
    [body.subarray(0, half), body.subarray(half)].map(async (Body, index) => {
      const part = { PartNumber: index + 1 };
      const { ETag } = await s3.client.send(new UploadPartCommand({ ...PLACE, ...part, ...checksum, UploadId, Body }));
      return { ...part, ETag };
    }),
  );
  const MultipartUpload = { Parts };
  await s3.client.send(
    new CompleteMultipartUploadCommand({ ...PLACE, UploadId, MultipartUpload, ChecksumType: 'FULL_OBJECT' }),
  );
}

/** As `aws s3 mv`, and what moves files over SFTP, rename: a copy, and the old name is deleted. */
async function rename(body: Buffer): Promise<void> {
  const before = { Bucket: FILES, Key: 'elsewhere/upload.part' };
  await s3.client.send(new PutObjectCommand({ ...before, Body: body, Tagging: 'team=risk' }));
  await s3.client.send(
    new CopyObjectCommand({
      ...PLACE,
      CopySource: `${before.Bucket}/${before.Key}`,
      StorageClass: 'STANDARD_IA',
      TaggingDirective: 'REPLACE',
      Tagging: 'team=retail',
    }),
  );
  await s3.client.send(new DeleteObjectCommand(before));
}

async function post(body: Buffer): Promise<void> {
  const { url, fields } = await createPresignedPost(s3.client, {
    ...PLACE,
    Fields: { 'x-amz-storage-class': 'STANDARD_IA' },
  });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(body)]));
  expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204);
}

test.each<[string, string, RegExp, (body: Buffer) => Promise<unknown>]>([
  ['put', 'ObjectCreated:Put', /^[0-9a-f]{32}$/, (body) => put(body)],
  [
    'put with storage class and tags',
    'ObjectCreated:Put',
    /^[0-9a-f]{32}$/,
    (body) => put(body, { StorageClass: 'INTELLIGENT_TIERING', Tagging: 'team=risk&year=2026' }),
  ],
  ['put in parts', 'ObjectCreated:CompleteMultipartUpload', /^[0-9a-f]{32}-2$/, putInParts],
  ['renamed', 'ObjectCreated:Copy', /^[0-9a-f]{32}$/, rename],
  ['posted with storage class', 'ObjectCreated:Post', /^[0-9a-f]{32}$/, post],
])('a file that is %s is announced as %s, and ingest-file reads it as it is', async (_, event, etag, bring) => {
  const body = randomBytes(9 * MEGABYTE);
  await bring(body);
  await expect.poll(() => queues.records).toHaveLength(1);
  expect(queues.records[0]?.eventName).toBe(event);
  const files = storedFiles({ Records: queues.records });
  const { VersionId, ETag } = await s3.client.send(new HeadObjectCommand(PLACE));
  expect(ETag?.replaceAll('"', '')).toMatch(etag);
  expect(files).toEqual([{ key: PLACE.Key, version: VersionId, size: body.length }]);
  for (const file of files) {
    const read = await s3Files({ client: s3.client, name: FILES }).read(file);
    expect(Buffer.from(read).equals(body)).toBe(true);
  }
});

const tagsOf = async () => (await s3.client.send(new GetObjectTaggingCommand(PLACE))).TagSet;

test('tags come with a file, are replaced with a copy, and change later without a version or an event', async () => {
  await put(Buffer.from('x'), { Tagging: 'team=risk', StorageClass: 'STANDARD_IA' });
  expect(await tagsOf()).toEqual([{ Key: 'team', Value: 'risk' }]);
  const CopySource = `${PLACE.Bucket}/${PLACE.Key}`;
  await s3.client.send(new CopyObjectCommand({ ...PLACE, CopySource }));
  expect(await tagsOf()).toEqual([{ Key: 'team', Value: 'risk' }]);
  // A copy is in STANDARD unless it says otherwise (S3 API reference, "CopyObject").
  expect((await s3.client.send(new HeadObjectCommand(PLACE))).StorageClass).toBeUndefined();
  await rename(Buffer.from('x'));
  expect(await tagsOf()).toEqual([{ Key: 'team', Value: 'retail' }]);
  expect((await s3.client.send(new HeadObjectCommand(PLACE))).StorageClass).toBe('STANDARD_IA');
  await expect.poll(() => queues.records).toHaveLength(3);
  const { VersionId } = await s3.client.send(new HeadObjectCommand(PLACE));
  const TagSet = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '<2>' },
  ];
  await s3.client.send(new PutObjectTaggingCommand({ ...PLACE, Tagging: { TagSet } }));
  expect(await tagsOf()).toEqual(TagSet);
  await s3.client.send(new DeleteObjectTaggingCommand(PLACE));
  expect(await tagsOf()).toEqual([]);
  expect((await s3.client.send(new HeadObjectCommand(PLACE))).VersionId).toBe(VersionId);
  expect(queues.records).toHaveLength(3);
});

test.each(['GLACIER', 'DEEP_ARCHIVE'] as const)(
  'a file in %s is archived: ingest-file says so',
  async (StorageClass) => {
    await put(Buffer.from('x'), { StorageClass });
    await expect.poll(() => queues.records).toHaveLength(1);
    const [file] = storedFiles({ Records: queues.records });
    const reading = s3Files({ client: s3.client, name: FILES }).read(file ?? { key: '', version: '', size: 0 });
    await expect(reading).rejects.toMatchObject({
      code: 'InvalidFileContent',
      message: expect.stringContaining('STANDARD'),
    });
  },
);
