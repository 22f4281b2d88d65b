import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import * as z from 'zod';
import type { Files, PresignedForms, Reports, StoredFile } from './bucket.ts';

/** The one bucket and the client that reaches it. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

/** Made once a container. An endpoint that is set by hand, as the local cloud's, has no name of its own for each bucket. */
export const connectBucket = (name: string, endpoint = process.env['AWS_ENDPOINT_URL_S3']): Bucket => ({
  client: new S3Client({ maxAttempts: 5, forcePathStyle: endpoint !== undefined }),
  name,
});

/** Files in the bucket, read in the version that was announced. */
export const s3Files = ({ client, name }: Bucket): Files => ({
  read: async ({ key, version }) => {
    const VersionId = version === '' ? undefined : version;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key, VersionId }));
    if (!Body) throw new Error('the file has no body');
    return Body.transformToByteArray();
  },
});

/** Reports on dropped files, as JSON for people and programs. */
export const s3Reports = ({ client, name }: Bucket): Reports => ({
  write: async (key, report) => {
    const Body = `${JSON.stringify(report, null, 2)}\n`;
    await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body, ContentType: 'application/json' }));
  },
});

/** Presigned S3 POST forms: S3 itself holds an upload against the key, the content type and the size (`content-length-range`). */
export const s3PresignedForms = ({ client, name }: Bucket): PresignedForms => ({
  create: (key, contentType, largest, seconds) =>
    createPresignedPost(client, {
      Bucket: name,
      Key: key,
      Conditions: [['content-length-range', 0, largest]],
      ...(contentType === null ? {} : { Fields: { 'Content-Type': contentType } }),
      Expires: seconds,
    }),
});

/** What is read of an event notification (Amazon S3, "Event message structure"). The test event has no records. */
const notification = z.object({
  Records: z
    .array(
      z.object({
        eventName: z.string(),
        s3: z.object({
          object: z.object({
            key: z.string(),
            size: z.number().default(0),
            versionId: z.string().default(''),
          }),
        }),
      }),
    )
    .default([]),
});

/** The objects that a notification says were created. Keys come URL-encoded, with `+` for a space. */
export const storedFiles = (message: unknown): StoredFile[] =>
  notification
    .parse(message)
    .Records.filter(({ eventName }) => eventName.startsWith('ObjectCreated:'))
    .map(({ s3: { object } }) => ({
      key: decodeURIComponent(object.key.replaceAll('+', ' ')),
      version: object.versionId,
      size: object.size,
    }));
