import { afterEach, beforeEach, expect, test } from 'vitest';
import { fauxqsInternals } from '#local/fauxqs.ts';
import { type Fauxqs, openFauxqs, type StoredQueue } from '#local/sqs/fauxqs-queues.ts';
import { orderFairly, withGroups } from '#local/sqs/message-groups.ts';

let fauxqs: Fauxqs;
let queue: StoredQueue;

beforeEach(async () => {
  fauxqs = await openFauxqs(await fauxqsInternals());
  queue = fauxqs.store.createQueue('q', 'http://127.0.0.1:9/0/q', 'arn:aws:sqs:r:0:q');
});
afterEach(() => fauxqs.close());

/** Sends messages whose first letters are their groups. */
function send(...bodies: string[]): void {
  const sent = bodies.map((body) => ({
    MessageBody: body,
    MessageGroupId: body.startsWith('-') ? undefined : body.slice(0, 1),
  }));
  withGroups(queue, sent, () => {
    for (const body of bodies) {
      queue.enqueue({
        messageId: body,
        body,
        md5OfBody: '',
        messageAttributes: {},
        md5OfMessageAttributes: '',
        sentTimestamp: 0,
        approximateReceiveCount: 0,
      });
    }
  });
}

function receive(count: number): string[] {
  orderFairly(queue, count);
  return queue.dequeue(count, 30).map((message) => message.Body);
}

test('takes the oldest of the group with the fewest in flight', () => {
  send('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
  expect(receive(1)).toEqual(['a1']);
  expect(receive(1)).toEqual(['b1']);
  expect(receive(3)).toEqual(['c1', 'a2', 'b2']);
  expect(receive(5)).toEqual(['a3', 'a4']);
});

test('keeps the order of arrival where there are no groups', () => {
  send('-1', '-2', '-3');
  expect(receive(2)).toEqual(['-1', '-2']);
  expect(queue.messages.map(({ messageGroupId }) => messageGroupId)).toEqual([undefined]);
});
