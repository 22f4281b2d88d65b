import type { AwsFront } from '../aws-front.ts';
import type { Sqs } from '../sqs/sqs.ts';
import type { EventQueues } from './outbox.ts';

/** The local SQS as S3 uses it. SQS bills these messages to the owner of the queue. */
export const queueEvents = (front: AwsFront, sqs: Sqs): EventQueues => ({
  send: async (queueArn, body) => {
    const input = { QueueUrl: sqs.queue(queueArn).url, MessageBody: body };
    const { status, body: answer } = await front.call(sqs, 'SendMessage', input, 's3');
    if (status !== 200) throw new Error(JSON.stringify(answer));
  },
});
