import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Reports } from '../../core/ports.ts';
import type { Bucket } from './bucket.ts';

/** Reports on dropped files, as JSON for people and programs. */
export const s3Reports = ({ client, name }: Bucket): Reports => ({
  write: async (key, report) => {
    const Body = `${JSON.stringify(report, null, 2)}\n`;
    await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body, ContentType: 'application/json' }));
  },
});
