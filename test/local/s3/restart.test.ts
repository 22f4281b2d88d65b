import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Outbox } from '#local/s3/outbox.ts';
import { State } from '#local/state.ts';
import { clientOf, FILES, MemoryQueues, startS3 } from './s3-under-test.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-restart-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('after a kill -9, objects, versions and parts are kept, half of one is not, and what was not announced is', async () => {
  const script = fileURLToPath(new URL('./stuck-s3.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(child.stdout), 'line');
  const client = clientOf(url);
  const put = async (Key: string, Body: string) =>
    (await client.send(new PutObjectCommand({ Bucket: FILES, Key, Body }))).VersionId;
  const versions = [await put('drop/one.csv', 'first'), await put('drop/one.csv', 'second')];
  await put('kept', 'here');
  await put('deleted', 'gone');
  await client.send(new DeleteObjectCommand({ Bucket: FILES, Key: 'deleted' }));
  const inParts = { Bucket: FILES, Key: 'in-parts' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(inParts));
  const part = { ...inParts, UploadId, PartNumber: 1 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: 'part' }));
  const headers = { 'content-length': '1000000', authorization: 'AWS4-HMAC-SHA256 Credential=local/x, Signature=0' };
  const half = request(`${url}/files/drop/half.csv`, { method: 'PUT', headers });
  half.on('error', () => undefined);
  half.write(Buffer.alloc(500_000));
  child.kill('SIGKILL');
  await once(child, 'exit');
  client.destroy();

  const queues = new MemoryQueues();
  const s3 = await startS3(queues, folder);
  await expect.poll(() => queues.keys).toEqual(['drop/one.csv', 'drop/one.csv']);
  expect(queues.records.map((record) => record.s3.object.versionId)).toEqual(versions);
  expect(queues.tests).toEqual(['files', 'posts']);
  expect(await Promise.all(versions.map((version) => s3.get('drop/one.csv', version)))).toEqual(['first', 'second']);
  expect(await s3.get('kept')).toBe('here');
  await expect(s3.get('deleted')).rejects.toMatchObject({ name: 'NoSuchKey' });
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.client.send(new CompleteMultipartUploadCommand({ ...inParts, UploadId, MultipartUpload }));
  expect(await s3.get('in-parts')).toBe('part');
  await expect(s3.get('drop/half.csv')).rejects.toMatchObject({ name: 'NoSuchKey' });
  await s3.close();
});

test('a message to a queue that is not notified any more holds up none', async () => {
  const state = new State(folder);
  new Outbox(state, new MemoryQueues()).add('arn:aws:sqs:ap-south-1:0:gone', '{}');
  state.close();
  const queues = new MemoryQueues();
  const s3 = await startS3(queues, folder);
  await s3.put('drop/one.csv', 'x');
  await expect.poll(() => queues.keys).toEqual(['drop/one.csv']);
  expect(queues.sent.map(({ queue }) => queue)).not.toContain('gone');
  await s3.close();
});

test('what was announced is not announced again, nor is a queue tested again', async () => {
  const first = new MemoryQueues();
  const s3 = await startS3(first, folder);
  await s3.put('drop/one.csv', 'x');
  await expect.poll(() => first.keys).toEqual(['drop/one.csv']);
  await s3.close();
  const second = new MemoryQueues();
  const again = await startS3(second, folder);
  await again.put('drop/two.csv', 'x');
  await expect.poll(() => second.keys).toEqual(['drop/two.csv']);
  expect(second.tests).toEqual([]);
  await again.close();
});
