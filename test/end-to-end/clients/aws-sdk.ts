import { createReadStream } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Client } from './client.ts';

/** Puts a stream, with a checksum in a trailer. It has no forms: `createPresignedPost` makes one, and posts none. */
export const awsSdk: Client = {
  name: 'AWS SDK',
  missing: null,
  drop: async ({ path, key }, { s3: endpoint, region, bucket, credentials }) => {
    const s3 = new S3Client({ endpoint, region, credentials });
    try {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(path) }));
    } finally {
      s3.destroy();
    }
  },
};
