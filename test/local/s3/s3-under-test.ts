import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { AwsFront } from '#local/aws-front.ts';
import { CallRecord } from '#local/call-record.ts';
import { fauxqsInternals } from '#local/fauxqs.ts';
import { Meter } from '#local/meter.ts';
import type { EventQueues } from '#local/s3/outbox.ts';
import { S3 } from '#local/s3/s3.ts';
import { State } from '#local/state.ts';
import { stackOf } from '../fixture/stack.ts';

/** A bucket with versions that announces what comes into two of its folders, and one without either. */
const STACK = {
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'files' } },
  Posts: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'posts' } },
  Files: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketName: 'files',
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: 90 }] },
      NotificationConfiguration: {
        QueueConfigurations: [
          ...['drop/', 'uploads/'].map((Value) => ({
            Event: 's3:ObjectCreated:*',
            Filter: { S3Key: { Rules: [{ Name: 'prefix', Value }] } },
            Queue: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          })),
          {
            Event: 's3:ObjectCreated:Post',
            Filter: { S3Key: { Rules: [{ Name: 'suffix', Value: '.txt' }] } },
            Queue: { 'Fn::GetAtt': ['Posts', 'Arn'] },
          },
        ],
      },
    },
  },
  Policy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'Files' }, PolicyDocument: {} } },
  Plain: { Type: 'AWS::S3::Bucket' },
};

const messageSchema = z.looseObject({
  Event: z.string().optional(),
  Records: z
    .array(
      z.looseObject({
        eventName: z.string(),
        s3: z.looseObject({
          bucket: z.looseObject({ name: z.string() }),
          object: z.looseObject({
            key: z.string(),
            size: z.number(),
            eTag: z.string(),
            versionId: z.string().optional(),
            sequencer: z.string(),
          }),
        }),
      }),
    )
    .default([]),
});

/** Queues that keep what they get, and fail as often as they are told. */
export class MemoryQueues implements EventQueues {
  readonly sent: { queue: string | undefined; body: string }[] = [];
  failures = 0;

  async send(queueArn: string, body: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the queue is not there');
    }
    this.sent.push({ queue: queueArn.split(':').at(-1), body });
  }

  /** The announced objects, test messages left out. */
  get records() {
    return this.sent.flatMap(({ queue, body }) =>
      messageSchema.parse(JSON.parse(body)).Records.map((record) => ({ queue, ...record })),
    );
  }

  get keys(): string[] {
    return this.records.map(({ s3 }) => s3.object.key);
  }

  get tests(): (string | undefined)[] {
    return this.sent.filter(({ body }) => body.includes('s3:TestEvent')).map(({ queue }) => queue);
  }
}

/** A running S3 with a client of AWS's SDK. */
export interface S3UnderTest {
  readonly url: string;
  readonly client: S3Client;
  readonly queues: EventQueues;
  readonly meter: Meter;
  readonly record: CallRecord;
  put(key: string, body: string | Uint8Array, bucket?: string): Promise<string | undefined>;
  /** As text. */
  get(key: string, versionId?: string, bucket?: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const FILES = 'files';
export const PLAIN = 'stack-plain';

/** Starts an S3 that keeps its objects in `folder` or, without one, in memory. */
export async function startS3(queues: EventQueues, folder?: string): Promise<S3UnderTest> {
  const [meter, record] = [new Meter(), new CallRecord()];
  const front = new AwsFront(meter, record);
  const url = await front.listen(0);
  const state = new State(folder);
  const uploads = join(folder ?? (await mkdtemp(join(tmpdir(), 's3-'))), 'uploads');
  const fauxqs = await fauxqsInternals();
  const s3 = new S3(state, uploads, stackOf(STACK), queues, { fauxqs, meter, record });
  front.addHttp(s3);
  s3.start();
  const client = clientOf(url);
  return {
    url,
    client,
    queues,
    meter,
    record,
    put: async (Key, Body, Bucket = FILES) =>
      (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId,
    get: async (Key, VersionId, Bucket = FILES) =>
      (await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString(),
    close: async () => {
      client.destroy();
      await s3.close();
      await front.close();
      state.close();
      if (folder === undefined) await rm(dirname(uploads), { recursive: true });
    },
  };
}

export const clientOf = (endpoint: string, accessKeyId = 'local-Uploader'): S3Client =>
  new S3Client({
    endpoint,
    region: 'ap-south-1',
    credentials: { accessKeyId, secretAccessKey: 'local' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
