import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { fauxqsInternals } from '#local/fauxqs.ts';
import { Meter } from '#local/meter.ts';
import { openFauxqs } from '#local/sqs/fauxqs-queues.ts';
import { Sqs } from '#local/sqs/sqs.ts';
import { stackOf } from '../fixture/stack.ts';

/** An hour: nobody waits for the end of it. */
const stack = stackOf({ Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 3600 } } });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async () => new Sqs(await openFauxqs(await fauxqsInternals(), folder), stack, new Meter(), 1);

test('a message that somebody held when the process ended is there at once', async () => {
  const first = await open();
  const queue = first.queue(stack.ofType('AWS::SQS::Queue', z.unknown())[0]?.attributes['Arn'] ?? '');
  await first.answer({ action: 'SendMessage', input: { QueueUrl: queue.url, MessageBody: 'held' }, caller: 'outside' });
  expect((await first.poll(queue, 1)).map(({ Body }) => Body)).toEqual(['held']);
  await first.close(Promise.resolve());

  const { body } = await (await open()).answer({
    action: 'ReceiveMessage',
    input: { QueueUrl: queue.url },
    caller: 'outside',
  });
  expect(body).toMatchObject({ Messages: [{ Body: 'held' }] });
});
