import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { sqsFileQueue } from '#lambdas/batch/file-queue.sqs.ts';
import { ingestFileFunction } from '#lambdas/batch/ingest-file/handler.ts';
import { invocation } from '#test/world/captured-output.ts';
import { reportOf } from '#test/world/run.ts';
import { consentId, ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

/** The message that S3 sends of an object, without a group: its notifications can't carry one. */
const announced = (key: string): string =>
  JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { object: { key, size: 9, versionId: 'v1' } } }],
  });

/** ingest-file in a folder of good files, and what it does. */
function ingesting() {
  const world = roomyWorld();
  const reads: string[] = [];
  const sent: { readonly body: string; readonly group: string }[] = [];
  const client = new SQSClient({ region: 'ap-south-1' });
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        if ('MessageBody' in input && 'MessageGroupId' in input) {
          sent.push({ body: String(input.MessageBody), group: String(input.MessageGroupId) });
        }
        return { response: {}, output: { $metadata: {} } };
      },
    { step: 'initialize' },
  );
  const ingest = ingestFileFunction({
    ...world,
    organisations: { exists: async () => true },
    files: {
      read: async ({ key }) => {
        reads.push(key);
        return Buffer.from(`consentId\n${consentId(1)}\n`);
      },
    },
    sortedFiles: sqsFileQueue('url', client),
  });
  const consume = async (body: string) => ingest({ Records: [{ messageId: 'm', body }] }, invocation('ingest-file'));
  return { world, reads, sent, consume };
}

test('a file that S3 announces is first sorted by its organisation, and read when its turn comes', async () => {
  const { world, reads, sent, consume } = ingesting();
  const key = `drop/${ORGANISATION}/${REFERENCE}.csv`;
  expect(await consume(announced(key))).toEqual({ batchItemFailures: [] });
  expect([reads, sent.map(({ group }) => group)]).toEqual([[], [ORGANISATION]]);
  await consume(sent[0]?.body ?? '');
  expect(reads).toEqual([key]);
  expect((await reportOf(world)).counters).toMatchObject({ READY: 1 });
  expect(sent).toHaveLength(1);
});

test('what belongs to nobody is not sorted: it is reported, or left', async () => {
  const { world, sent, consume } = ingesting();
  await consume(announced('drop/nowhere.csv'));
  await consume(announced('drop-reports/lender/report.json'));
  expect(sent).toEqual([]);
  expect([...world.bucket.reports.keys()]).toEqual(['drop-reports/nowhere.json']);
});
