import { createHash } from 'node:crypto';
import { Crc32cNode, Crc32Node, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { notImplemented, S3Error } from './s3-answer.ts';

interface Checksum {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array | Promise<Uint8Array>;
}

const ALGORITHMS: Readonly<Record<string, () => Checksum>> = {
  'x-amz-checksum-crc32': () => new Crc32Node(),
  'x-amz-checksum-crc32c': () => new Crc32cNode(),
  'x-amz-checksum-crc64nvme': () => new Crc64NvmeJs(),
  'x-amz-checksum-sha1': () => createHash('sha1'),
  'x-amz-checksum-sha256': () => createHash('sha256'),
};

/** A checksum header or trailer, and not one that says something about checksums. */
const CHECKSUM = /^x-amz-checksum-(?!mode$|algorithm$|type$)/;

/**
 * Compares a whole body with the digests that its sender gave, in headers or in the trailer that `x-amz-trailer` announces.
 * @throws S3Error `BadDigest` when they differ; `NotImplemented` for an algorithm that is not known here
 */
export async function checkDigests(headers: Readonly<Record<string, string>>, body: Buffer): Promise<void> {
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const announced = headers['x-amz-trailer']?.trim().toLowerCase() ?? '';
  const name = [...Object.keys(headers), announced].find((header) => CHECKSUM.test(header));
  if (name === undefined) return;
  const checksum = ALGORITHMS[name]?.();
  if (checksum === undefined) throw notImplemented(name);
  checksum.update(body);
  if (headers[name] === Buffer.from(await checksum.digest()).toString('base64')) return;
  const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
  throw new S3Error(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
}
