import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { UploadForms } from '../../core/ports.ts';
import type { Bucket } from './bucket.ts';

/** Presigned S3 POST forms: S3 itself holds an upload against the key, the content type and the size (`content-length-range`). */
export const s3UploadForms = ({ client, name }: Bucket): UploadForms => ({
  create: (key, contentType, largest, seconds) =>
    createPresignedPost(client, {
      Bucket: name,
      Key: key,
      Conditions: [['content-length-range', 0, largest]],
      ...(contentType === null ? {} : { Fields: { 'Content-Type': contentType } }),
      Expires: seconds,
    }),
});
