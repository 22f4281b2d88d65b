import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Files } from '../../core/ports.ts';
import type { Bucket } from './bucket.ts';

/** Files in the bucket, read in the version that was announced. */
export const s3Files = ({ client, name }: Bucket): Files => ({
  read: async ({ key, version }) => {
    const VersionId = version === '' ? undefined : version;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key, VersionId }));
    if (!Body) throw new Error('the file has no body');
    return Body.transformToByteArray();
  },
});
