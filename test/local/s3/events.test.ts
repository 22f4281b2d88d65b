import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeKey } from '#local/s3/event-message.ts';
import { FILES, MemoryQueues, PLAIN, type S3UnderTest, startS3 } from './s3-under-test.ts';

let queues: MemoryQueues;
let s3: S3UnderTest;
beforeEach(async () => {
  queues = new MemoryQueues();
  s3 = await startS3(queues);
});
afterEach(() => s3.close());

test('announces what is created under the prefixes, and nothing else', async () => {
  await s3.put('reports/a.txt', 'x');
  await s3.put('Drop/a.csv', 'x');
  await s3.put('drop/a.csv', 'x', PLAIN);
  const first = await s3.put('drop/a.csv', 'twelve bytes');
  const second = await s3.put('drop/a.csv', 'x');
  await s3.put('uploads/b.txt', 'x');
  await expect.poll(() => queues.keys).toEqual(['drop/a.csv', 'drop/a.csv', 'uploads/b.txt']);
  const [one, two] = queues.records;
  expect(one).toMatchObject({
    queue: 'files',
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'ap-south-1',
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: 'AWS:Uploader' },
    s3: {
      bucket: { name: FILES, arn: 'arn:aws:s3:::files' },
      object: { size: 12, eTag: 'c91fa94e14cf2fa5474beceff788c0dc', versionId: first },
    },
  });
  expect(two?.s3.object.versionId).toBe(second);
  expect((two?.s3.object.sequencer ?? '') > (one?.s3.object.sequencer ?? '')).toBe(true);
});

test('does not announce what was refused', async () => {
  const refused = new PutObjectCommand({ Bucket: FILES, Key: 'drop/a.csv', Body: 'x', ContentMD5: 'AAAA' });
  await expect(s3.client.send(refused)).rejects.toMatchObject({ name: 'BadDigest' });
  await s3.put('drop/b.csv', 'x');
  await expect.poll(() => queues.keys).toEqual(['drop/b.csv']);
});

test('sends each queue one test message, which has no records', async () => {
  await expect.poll(() => queues.tests).toEqual(['files', 'posts']);
  expect(JSON.parse(queues.sent[0]?.body ?? '')).toMatchObject({ Service: 'Amazon S3', Bucket: FILES });
});

test('sends again what did not arrive', async () => {
  await expect.poll(() => queues.tests).toHaveLength(2);
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  queues.failures = 2;
  await s3.put('drop/a.csv', 'x');
  await s3.put('drop/b.csv', 'x');
  await expect.poll(() => queues.keys, { timeout: 10_000 }).toEqual(['drop/a.csv', 'drop/b.csv']);
  expect(logged).toHaveBeenCalledTimes(2);
  logged.mockRestore();
});

test.each([
  ['drop/an org/red flower.csv', 'drop/an+org/red+flower.csv'],
  ["a+b=c&d%20e!'()*~-_.", 'a%2Bb%3Dc%26d%2520e%21%27%28%29*%7E-_.'],
  ['drop/नमस्ते.csv', 'drop/%E0%A4%A8%E0%A4%AE%E0%A4%B8%E0%A5%8D%E0%A4%A4%E0%A5%87.csv'],
])('writes the key %j as %s', async (key, encoded) => {
  expect(encodeKey(key)).toBe(encoded);
});
