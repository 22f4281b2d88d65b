import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportsOnDemand } from '#lambdas/batch/reports.s3.ts';
import { FILES, MemoryQueues, type S3UnderTest, startS3 } from '#test/local/s3/s3-under-test.ts';

let s3: S3UnderTest;

beforeEach(async () => {
  s3 = await startS3(new MemoryQueues());
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.url);
  vi.stubEnv('AWS_REGION', 'ap-south-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local-Reporter');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await s3.close();
});

const keyOf = (number: number): string => `drop-reports/org-1/${number}.json`;

test('reports that are written at once, and one after, all arrive as JSON', async () => {
  const reports = reportsOnDemand(FILES);
  await Promise.all([1, 2].map((number) => reports.write(keyOf(number), { number })));
  await reports.write(keyOf(3), { number: 3 });
  for (const number of [1, 2, 3]) expect(await s3.get(keyOf(number))).toBe(`{\n  "number": ${number}\n}\n`);
});

test('a report that S3 does not take is an error, and the next is tried again', async () => {
  const reports = reportsOnDemand('no-such-bucket');
  await expect(reports.write(keyOf(1), {})).rejects.toThrow(expect.objectContaining({ name: 'NoSuchBucket' }));
  await expect(reports.write(keyOf(2), {})).rejects.toThrow(expect.objectContaining({ name: 'NoSuchBucket' }));
});
