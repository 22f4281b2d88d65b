import type { ReportStore } from './bucket.ts';

/**
 * Reports for functions that rarely write one, since only dropped files have reports. The S3 client, a fifth of what
 * such a function loads, is loaded with the first (docs/decisions/0007-what-a-cold-start-loads.md).
 */
export function reportsOnDemand(bucketName: string): ReportStore {
  const load = async (): Promise<ReportStore> => {
    const { connectBucket, s3Reports } = await import('./bucket.s3.ts');
    return s3Reports(connectBucket(bucketName));
  };
  let loading: Promise<ReportStore> | undefined;
  return {
    write: async (key, report) => {
      loading ??= load();
      await (await loading).write(key, report);
    },
  };
}
