import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { AwsAnswer, AwsCall, AwsService, NeededPermission } from '../aws-call.ts';
import type { Meter } from '../meter.ts';
import type { StackResources } from '../template/resources.ts';
import type { Fauxqs, StoredQueue } from './fauxqs-queues.ts';
import { orderFairly } from './message-groups.ts';
import { type QueueModel, queueModels } from './queue-models.ts';

const inputSchema = z.looseObject({
  QueueUrl: z.string().optional(),
  QueueName: z.string().optional(),
  MaxNumberOfMessages: z.number().default(1),
  MessageAttributeNames: z.array(z.string()).default([]),
  MessageGroupId: z.string().optional(),
  Entries: z.array(z.looseObject({ MessageGroupId: z.string().optional() })).optional(),
});

const attributeSchema = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const messageSchema = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  MD5OfBody: z.string(),
  Body: z.string(),
  Attributes: z.record(z.string(), z.string()).default({}),
  MessageAttributes: z.record(z.string(), attributeSchema).default({}),
});
const receivedSchema = z.object({ Messages: z.array(messageSchema).default([]) });

/** A received message. */
export type SqsMessage = z.infer<typeof messageSchema>;

/** A request of up to that many bytes is billed as one. */
const BILLED_BYTES = 64 * 1024;

/** SQS: fauxqs, with the queues of the template, fair delivery by message group in standard queues, and metering. */
export class Sqs implements AwsService {
  readonly name = 'sqs';
  readonly target = 'AmazonSQS';
  readonly #fauxqs: Fauxqs;
  readonly #meter: Meter;
  readonly #timeScale: number;
  readonly #queues: readonly QueueModel[];
  /** The bodies of messages that were being worked on when the process before ended. */
  readonly interrupted: readonly string[];

  /** Creates the template's queues where they are not there yet, and gives those that are its attributes. */
  constructor(fauxqs: Fauxqs, resources: StackResources, meter: Meter, timeScale: number) {
    this.#fauxqs = fauxqs;
    this.#meter = meter;
    this.#timeScale = timeScale;
    this.#queues = queueModels(resources);
    const interrupted: string[] = [];
    for (const { name, url, arn, attributes } of this.#queues) {
      const kept = fauxqs.store.getQueueByName(name);
      if (kept === undefined) fauxqs.store.createQueue(name, url, arn, { ...attributes });
      else kept.setAttributes({ ...attributes });
      // Whoever held these messages died with the process before: nothing is left to wait for.
      for (const entry of kept?.inflightMessages.values() ?? []) {
        entry.visibilityDeadline = Date.now();
        interrupted.push(entry.message.body);
      }
    }
    this.interrupted = interrupted;
  }

  /** The queue with this ARN. */
  queue(arn: string): QueueModel {
    const queue = this.#queues.find((candidate) => candidate.arn === arn);
    if (queue === undefined) throw new Error(`the template has no queue ${arn}`);
    return queue;
  }

  permissions({ action, input }: AwsCall): NeededPermission[] {
    const { QueueUrl, QueueName } = inputSchema.parse(input);
    const name = QueueUrl?.split('/').at(-1) ?? QueueName;
    const resource = this.#queues.find((queue) => queue.name === name)?.arn ?? '*';
    return [{ action: `sqs:${action.replace(/Batch$/, '')}`, resource }];
  }

  async answer({ action, input }: AwsCall): Promise<AwsAnswer> {
    const answer = await this.#exchange(action, input);
    const bytes = Buffer.byteLength(JSON.stringify(action === 'ReceiveMessage' ? answer.body : input));
    const requests = Math.max(1, Math.ceil(bytes / BILLED_BYTES));
    this.#meter.add('sqs.request', requests);
    const { Entries = [], ...single } = inputSchema.parse(input);
    if ([single, ...Entries].some(({ MessageGroupId }) => MessageGroupId !== undefined)) {
      this.#meter.add('sqs.fairRequest', requests);
    }
    return answer;
  }

  /**
   * Waits up to 20 s for at most `count` messages of a queue, as the pollers of an event source mapping do. Those polls are billed too,
   * but polls without messages say nothing about the work done, so they are not counted.
   */
  async poll(queue: QueueModel, count: number): Promise<SqsMessage[]> {
    const input = {
      QueueUrl: queue.url,
      MaxNumberOfMessages: count,
      WaitTimeSeconds: 20,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    };
    const { status, body } = await this.#exchange('ReceiveMessage', input);
    const messages = status === 200 ? receivedSchema.parse(body).Messages : [];
    if (messages.length > 0) {
      const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message.Body), 0);
      this.#meter.call('sqs', 'ReceiveMessage');
      this.#meter.add('sqs.request', Math.max(1, Math.ceil(bytes / BILLED_BYTES)));
    }
    return messages;
  }

  /** Leaves a message hidden for the rest of its visibility timeout, scaled: it waits for its next try, and nobody works on it. */
  waitForNextTry(queue: QueueModel, receiptHandle: string): void {
    const stored = this.#stored(queue.name);
    const entry = stored.inflightMessages.get(receiptHandle);
    if (entry === undefined) return;
    const left = ((entry.visibilityDeadline - Date.now()) / 1000) * this.#timeScale;
    stored.changeVisibility(receiptHandle, Math.max(left, 0.001));
  }

  /** Deletes every message of a queue, in flight or not. */
  purge(queueUrl: string): void {
    this.#stored(queueUrl.split('/').at(-1) ?? '').purge();
  }

  /** Closes after ending the polls that `polling` is made of, whose pollers have been told to stop. */
  async close(polling: Promise<unknown>): Promise<void> {
    let ended = false;
    const end = polling.finally(() => {
      ended = true;
    });
    // More than once, since a poll that has only just been sent does not wait yet.
    while (!ended) {
      this.#fauxqs.store.shutdown();
      await Promise.race([end, delay(10)]);
    }
    await this.#fauxqs.close();
  }

  #stored(name: string): StoredQueue {
    const queue = this.#fauxqs.store.getQueueByName(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  }

  async #exchange(action: string, input: Readonly<Record<string, unknown>>): Promise<AwsAnswer> {
    const { QueueUrl, QueueName, MaxNumberOfMessages, MessageAttributeNames } = inputSchema.parse(input);
    const url = action === 'GetQueueUrl' && this.#queues.find(({ name }) => name === QueueName)?.url;
    if (url) return { status: 200, body: { QueueUrl: url } };
    if (action !== 'ReceiveMessage') return this.#fauxqs.call(action, input);
    const stored = this.#fauxqs.store.getQueueByName(QueueUrl?.split('/').at(-1) ?? '');
    if (stored?.isFifo() === false) orderFairly(stored, MaxNumberOfMessages);
    // fauxqs gives all attributes to who asks for none.
    const names = MessageAttributeNames.length === 0 ? [''] : MessageAttributeNames;
    return this.#fauxqs.call(action, { ...input, MessageAttributeNames: names });
  }
}
