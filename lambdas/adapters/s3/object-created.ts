import * as z from 'zod';
import type { StoredFile } from '../../core/ports.ts';

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
