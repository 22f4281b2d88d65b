import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILES, MemoryQueues, PLAIN, type S3UnderTest, startS3 } from './s3-under-test.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['kept in files', () => join(folder, 's3')],
  ['in memory', () => undefined],
])('objects %s', (_, place) => {
  let s3: S3UnderTest;
  beforeAll(async () => {
    s3 = await startS3(new MemoryQueues(), place());
  });
  afterAll(() => s3.close());

  test('come back byte for byte, with their headers, and checked by their checksum', async () => {
    const body = randomBytes(3_000_000);
    const put = await s3.client.send(
      new PutObjectCommand({
        Bucket: FILES,
        Key: 'a.bin',
        Body: body,
        ContentType: 'text/csv',
        ContentEncoding: 'gzip',
        Metadata: { one: 'two' },
      }),
    );
    const md5 = createHash('md5').update(body).digest('hex');
    expect(put).toMatchObject({ ETag: `"${md5}"`, VersionId: expect.any(String), ChecksumCRC32: expect.any(String) });

    const got = await s3.client.send(new GetObjectCommand({ Bucket: FILES, Key: 'a.bin' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
    const described = {
      ContentType: 'text/csv',
      ContentEncoding: 'gzip',
      ContentLength: 3_000_000,
      Metadata: { one: 'two' },
      ETag: put.ETag,
      VersionId: put.VersionId,
    };
    expect(got).toMatchObject({ ...described, ChecksumCRC32: put.ChecksumCRC32 });
    expect(await s3.client.send(new HeadObjectCommand({ Bucket: FILES, Key: 'a.bin' }))).toMatchObject(described);
  });

  test('come in as streams, in aws-chunked encoding with a trailer', async () => {
    const parts = [randomBytes(100_000), randomBytes(200_000), randomBytes(5)];
    const stream = { Body: Readable.from(parts), ContentLength: 300_005, ChecksumAlgorithm: 'SHA256' } as const;
    await s3.client.send(new PutObjectCommand({ Bucket: FILES, Key: 'stream', ...stream }));
    const got = await s3.client.send(new GetObjectCommand({ Bucket: FILES, Key: 'stream' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat(parts))).toBe(true);
  });

  test('can be empty, and be read in part', async () => {
    await s3.put('empty', Buffer.alloc(0));
    expect(await s3.get('empty')).toBe('');
    await s3.put('text', '0123456789');
    const part = async (Range: string) => {
      const got = await s3.client.send(new GetObjectCommand({ Bucket: FILES, Key: 'text', Range }));
      return [await got.Body?.transformToString(), got.ContentRange];
    };
    expect(await part('bytes=2-4')).toEqual(['234', 'bytes 2-4/10']);
    expect(await part('bytes=7-')).toEqual(['789', 'bytes 7-9/10']);
    expect(await part('bytes=-1')).toEqual(['9', 'bytes 9-9/10']);
    await expect(part('bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  test('in a bucket with versions can be read as they were, and are deleted by a marker', async () => {
    const [first, second] = [await s3.put('kept', 'one'), await s3.put('kept', 'two')];
    expect(first).not.toBe(second);
    expect(await s3.get('kept')).toBe('two');
    expect(await s3.get('kept', first)).toBe('one');

    const place = { Bucket: FILES, Key: 'kept' };
    const marker = await s3.client.send(new DeleteObjectCommand(place));
    expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    await expect(s3.get('kept')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(s3.get('kept', marker.VersionId)).rejects.toMatchObject({ name: 'MethodNotAllowed' });
    expect(await s3.get('kept', second)).toBe('two');
    const listed = await s3.client.send(new ListObjectVersionsCommand({ Bucket: FILES, Prefix: 'kept' }));
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second, false],
      [first, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ Key: 'kept', IsLatest: true }]);

    await s3.client.send(new DeleteObjectCommand({ ...place, VersionId: marker.VersionId }));
    expect(await s3.get('kept')).toBe('two');
    await s3.client.send(new DeleteObjectCommand({ ...place, VersionId: second }));
    expect(await s3.get('kept')).toBe('one');
    await expect(s3.get('kept', second)).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });

  test('in a bucket without versions are replaced and deleted for good', async () => {
    expect(await s3.put('one', 'first', PLAIN)).toBeUndefined();
    await s3.put('one', 'second', PLAIN);
    expect(await s3.get('one', undefined, PLAIN)).toBe('second');
    const deleted = await s3.client.send(new DeleteObjectCommand({ Bucket: PLAIN, Key: 'one' }));
    expect(deleted.DeleteMarker).toBeUndefined();
    await expect(s3.get('one', undefined, PLAIN)).rejects.toMatchObject({ name: 'NoSuchKey' });
    const listed = await s3.client.send(new ListObjectVersionsCommand({ Bucket: PLAIN }));
    expect(listed.Versions).toBeUndefined();
  });

  test('are written on conditions', async () => {
    const put = (conditions: object) =>
      s3.client.send(new PutObjectCommand({ Bucket: FILES, Key: 'once', Body: 'x', ...conditions }));
    await expect(put({ IfMatch: '"x"' })).rejects.toMatchObject({ name: 'NoSuchKey' });
    const { ETag } = await put({ IfNoneMatch: '*' });
    await expect(put({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await put({ IfMatch: ETag });
    await expect(put({ IfMatch: '"x"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  test('are listed in order, by page, by prefix and by folder', async () => {
    const keys = ['l/', 'l/a b&<', 'l/a/1', 'l/a/2', 'l/b/1', 'l/c', 'l/\u{ff5e}', 'l/\u{1f4c4}'];
    for (const key of keys.toReversed()) await s3.put(key, key);
    await s3.put('m', 'x');
    const list = async (input: object) => {
      const pages: (string | undefined)[][] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await s3.client.send(
          new ListObjectsV2Command({ Bucket: FILES, Prefix: 'l/', ContinuationToken, ...input }),
        );
        pages.push([
          ...(page.Contents ?? []).map(({ Key }) => Key),
          ...(page.CommonPrefixes ?? []).map((p) => p.Prefix),
        ]);
        expect(page.KeyCount).toBe(pages.at(-1)?.length);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return pages;
    };
    expect(await list({})).toEqual([keys]);
    expect(await list({ MaxKeys: 3 })).toEqual([keys.slice(0, 3), keys.slice(3, 6), keys.slice(6)]);
    expect(await list({ StartAfter: 'l/b/1' })).toEqual([keys.slice(5)]);
    expect(await list({ Delimiter: '/', MaxKeys: 3 })).toEqual([
      ['l/', 'l/a b&<', 'l/a/'],
      ['l/c', 'l/\u{ff5e}', 'l/b/'],
      ['l/\u{1f4c4}'],
    ]);
    const one = await s3.client.send(new ListObjectVersionsCommand({ Bucket: FILES, Prefix: 'l/', MaxKeys: 7 }));
    const markers = { KeyMarker: one.NextKeyMarker, VersionIdMarker: one.NextVersionIdMarker };
    const rest = await s3.client.send(new ListObjectVersionsCommand({ Bucket: FILES, Prefix: 'l/', ...markers }));
    expect(rest.Versions?.map(({ Key }) => Key)).toEqual(keys.slice(7));
  });

  test.each(['a b+c%2F?&=#"', 'नमस्ते/📄.csv', '../../outside', '/absolute', 'a//b/./c/..', 'nul\u0001', '.'])(
    'can be called %j',
    async (key) => {
      await s3.put(key, key);
      expect(await s3.get(key)).toBe(key);
    },
  );
});

describe('requests', () => {
  let s3: S3UnderTest;
  beforeAll(async () => {
    s3 = await startS3(new MemoryQueues(), join(folder, 'requests'));
    await s3.put('text', 'text');
  });
  afterAll(() => s3.close());

  const signed = {
    authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/ap-south-1/s3/aws4_request, Signature=0',
  };

  /** Sends a request as it is, without what an SDK does to it. */
  async function raw(method: string, path: string, headers: Record<string, string>, body = ''): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const sent = request(`${s3.url}${path}`, { method, headers }, (response) => {
      buffer(response).then((bytes) => resolve(`${response.statusCode} ${/<Code>(.*?)</.exec(bytes.toString())?.[1]}`));
    });
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  test.each([
    ['anybody', 'GET', '/files/text', {}, '403 AccessDenied'],
    ['an unknown bucket', 'GET', '/nowhere/text', signed, '404 NoSuchBucket'],
    ['all buckets', 'GET', '/', signed, '501 NotImplemented'],
    ['an unknown part of an object', 'GET', '/files/text?acl', signed, '501 NotImplemented'],
    [
      'a conditional copy',
      'PUT',
      '/files/bad',
      { ...signed, 'x-amz-copy-source': '/files/text', 'x-amz-copy-source-if-none-match': '"a"' },
      '501 NotImplemented',
    ],
    ['a copy of nothing', 'PUT', '/files/bad', { ...signed, 'x-amz-copy-source': '/files/no' }, '404 NoSuchKey'],
    [
      'a copy from nowhere',
      'PUT',
      '/files/bad',
      { ...signed, 'x-amz-copy-source': '/nowhere/text' },
      '404 NoSuchBucket',
    ],
    ['a part of nothing', 'PUT', '/files/bad?uploadId=none&partNumber=1', signed, '404 NoSuchUpload'],
    ['a broken URL', 'GET', '/files/%E0%A4', signed, '400 InvalidURI'],
    ['a long key', 'PUT', `/files/${'k'.repeat(1025)}`, signed, '400 KeyTooLongError'],
    ['no length', 'PUT', '/files/long', { ...signed, 'transfer-encoding': 'chunked' }, '411 MissingContentLength'],
    ['a wrong MD5', 'PUT', '/files/bad', { ...signed, 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, '400 BadDigest'],
    ['a wrong CRC32', 'PUT', '/files/bad', { ...signed, 'x-amz-checksum-crc32': 'AAAAAA==' }, '400 BadDigest'],
    ['a wrong CRC64', 'PUT', '/files/bad', { ...signed, 'x-amz-checksum-crc64nvme': 'AAAAAA==' }, '400 BadDigest'],
    ['an unknown checksum', 'PUT', '/files/bad', { ...signed, 'x-amz-checksum-crc1': 'AA==' }, '501 NotImplemented'],
    [
      'an expired URL',
      'GET',
      '/files/text?X-Amz-Credential=local%2F1&X-Amz-Signature=1&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60',
      {},
      '403 AccessDenied',
    ],
  ])('for %s are refused', async (_, method, path, headers, expected) => {
    expect(await raw(method, path, headers, method === 'PUT' ? 'x'.repeat(2_000_000) : '')).toBe(expected);
    await expect(s3.get('bad')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  const chunked = {
    ...signed,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '5',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  };

  test('in signed chunks are decoded, and checked by their trailer', async () => {
    const body = (crc32: string) =>
      `5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\nx-amz-checksum-crc32:${crc32}\r\nx-amz-trailer-signature:0\r\n\r\n`;
    expect(await raw('PUT', '/files/chunked', chunked, body('NhCmhg=='))).toBe('200 undefined');
    expect(await s3.get('chunked')).toBe('hello');
    const { ContentEncoding } = await s3.client.send(new HeadObjectCommand({ Bucket: FILES, Key: 'chunked' }));
    expect(ContentEncoding).toBeUndefined();
    expect(await raw('PUT', '/files/chunked', chunked, body('AAAAAA=='))).toBe('400 BadDigest');
    const nothing = 'x'.repeat(2_000_000);
    expect(await raw('PUT', '/files/chunked', chunked, nothing)).toBe('400 InvalidRequest');
    expect(await raw('PUT', '/files/chunked', chunked, '4\r\nhell\r\n0\r\n\r\n')).toBe('400 IncompleteBody');
    expect(await s3.get('chunked')).toBe('hello');
  });

  test('that break off leave nothing', async () => {
    s3.meter.reset();
    const headers = { ...signed, 'content-length': '1000000' };
    const sent = request(`${s3.url}/files/half`, { method: 'PUT', headers });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(500_000));
    await expect.poll(() => s3.meter.read().calls['s3']?.['PutObject']).toBeGreaterThan(0);
    sent.destroy();
    await new Promise((done) => sent.once('close', done));
    await expect(s3.get('half')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('are counted, billed and recorded by who made them', async () => {
    s3.meter.reset();
    const VersionId = await s3.put('drop/a b.csv', 'x');
    await s3.get('drop/a b.csv');
    await s3.get('drop/a b.csv', VersionId);
    await s3.client.send(new HeadBucketCommand({ Bucket: FILES }));
    await s3.client.send(new ListObjectsV2Command({ Bucket: FILES }));
    await s3.client.send(new DeleteObjectCommand({ Bucket: FILES, Key: 'drop/a b.csv' }));
    expect(s3.meter.read().calls['s3']).toEqual({
      PutObject: 1,
      GetObject: 2,
      HeadBucket: 1,
      ListObjectsV2: 1,
      DeleteObject: 1,
    });
    expect(s3.meter.read().units).toMatchObject({ 's3.putRequest': 2, 's3.getRequest': 3 });
    const calls = s3.record.read().map(({ caller, action, resource }) => [caller, action, resource]);
    for (const action of ['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject']) {
      expect(calls).toContainEqual(['Uploader', action, 'arn:aws:s3:::files/drop/a b.csv']);
    }
    expect(calls).toContainEqual(['Uploader', 's3:ListBucket', 'arn:aws:s3:::files']);
  });
});
