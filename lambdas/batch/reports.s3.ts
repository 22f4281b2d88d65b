import type { Reports } from './bucket.ts';

/**
 * The reports of a function that seldom writes one: the S3 client, a fifth of what such a function loads, is loaded with the first. Only
 * batches that came through the drop folder have reports.
 */
export function reportsOnDemand(bucketName: string): Reports {
  const load = async (): Promise<Reports> => {
    const [{ connectBucket }, { s3Reports }] = await Promise.all([import('./bucket.s3.ts'), import('./bucket.s3.ts')]);
    return s3Reports(connectBucket(bucketName));
  };
  let loading: Promise<Reports> | undefined;
  return {
    write: async (key, report) => {
      loading ??= load();
      await (await loading).write(key, report);
    },
  };
}
