import { GetObjectCommand, InvalidObjectState, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import * as z from 'zod';
import { awsClientOptions } from '../platform/aws-client.ts';
import { ServiceError } from '../platform/errors.ts';
import type { FileStore, ReportStore, StoredFile, UploadPresigner } from './bucket.ts';

/** The one bucket and the client that reaches it. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

/** Call it once per container. A custom endpoint, as the local cloud's, has no hostname per bucket. */
export const connectBucket = (name: string, endpoint = process.env['AWS_ENDPOINT_URL_S3']): Bucket => ({
  client: new S3Client({ ...awsClientOptions(), forcePathStyle: endpoint !== undefined }),
  name,
});

/**
 * Reads files in the version that was announced.
 * @throws ServiceError `InvalidFileContent` for one that S3 doesn't give out before it's restored
 */
export const s3Files = ({ client, name }: Bucket): FileStore => ({
  read: async ({ key, version }) => {
    const VersionId = version === '' ? undefined : version;
    const { Body } = await client
      .send(new GetObjectCommand({ Bucket: name, Key: key, VersionId }))
      .catch((error: unknown) => {
        throw error instanceof InvalidObjectState ? archived() : error;
      });
    if (!Body) throw new Error('S3 returned no body');
    return Body.transformToByteArray();
  },
});

const archived = (): ServiceError =>
  new ServiceError(
    'invalid',
    'InvalidFileContent',
    'the file is archived (its storage class is GLACIER or the like); put it there again in STANDARD',
  );

/** Reports on dropped files, as JSON for people and programs. */
export const s3Reports = ({ client, name }: Bucket): ReportStore => ({
  write: async (key, report) => {
    const Body = `${JSON.stringify(report, null, 2)}\n`;
    await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body, ContentType: 'application/json' }));
  },
});

/** Presigned S3 POST: S3 itself checks key, content type and size (`content-length-range`) of an upload. */
export const s3UploadPresigner = ({ client, name }: Bucket): UploadPresigner => ({
  presign: (key, contentType, largest, seconds) =>
    createPresignedPost(client, {
      Bucket: name,
      Key: key,
      Conditions: [['content-length-range', 0, largest]],
      ...(contentType === null ? {} : { Fields: { 'Content-Type': contentType } }),
      Expires: seconds,
    }),
});

/** What we read of an event notification (Amazon S3, "Event message structure"). S3's test event has no records. */
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

/** The created objects in a notification. Keys are URL-encoded, with `+` for a space. */
export const storedFiles = (message: unknown): StoredFile[] =>
  notification
    .parse(message)
    .Records.filter(({ eventName }) => eventName.startsWith('ObjectCreated:'))
    .map(({ s3: { object } }) => ({
      key: decodeURIComponent(object.key.replaceAll('+', ' ')),
      version: object.versionId,
      size: object.size,
    }));
