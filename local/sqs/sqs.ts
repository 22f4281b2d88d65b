import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { AwsAnswer, AwsCall, AwsService, NeededPermission } from '../aws-call.ts';
import type { Meter } from '../meter.ts';
import type { StackResources } from '../template/resources.ts';
import { orderFairly } from './fair-order.ts';
import type { Fauxqs, StoredQueue } from './fauxqs-queues.ts';
import { type SqsMessage, standardMessages, withGroupKept } from './message-groups.ts';
import { type QueueModel, queueModels } from './queue-models.ts';

const inputSchema = z.looseObject({
  QueueUrl: z.string().optional(),
  QueueName: z.string().optional(),
  MaxNumberOfMessages: z.number().default(1),
  MessageGroupId: z.string().optional(),
  Entries: z.array(z.looseObject({ MessageGroupId: z.string().optional() })).optional(),
  MessageAttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  AttributeNames: z.array(z.string()).default([]),
});

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

  /** Creates the template's queues where they are not there yet, and gives those that are its attributes. */
  constructor(fauxqs: Fauxqs, resources: StackResources, meter: Meter, timeScale: number) {
    this.#fauxqs = fauxqs;
    this.#meter = meter;
    this.#timeScale = timeScale;
    this.#queues = queueModels(resources);
    for (const { name, url, arn, attributes } of this.#queues) {
      const kept = fauxqs.store.getQueueByName(name);
      if (kept === undefined) fauxqs.store.createQueue(name, url, arn, { ...attributes });
      else kept.setAttributes({ ...attributes });
      // Whoever held these messages died with the process before, so only the (scaled) wait is left of their hiding.
      for (const entry of kept?.inflightMessages.values() ?? []) {
        entry.visibilityDeadline = Math.min(entry.visibilityDeadline, Date.now() + this.#scaledVisibility(kept));
      }
    }
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
    const { MessageGroupId, Entries } = inputSchema.parse(input);
    if (
      [MessageGroupId, ...(Entries ?? []).map((entry) => entry.MessageGroupId)].some((group) => group !== undefined)
    ) {
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
    const messages = standardMessages((await this.#exchange('ReceiveMessage', input)).body);
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

  #scaledVisibility(queue: StoredQueue | undefined): number {
    return Number(queue?.attributes['VisibilityTimeout'] ?? 30) * 1000 * this.#timeScale;
  }

  async #exchange(action: string, input: Readonly<Record<string, unknown>>): Promise<AwsAnswer> {
    const asked = inputSchema.parse(input);
    const stored = this.#fauxqs.store.getQueueByName(asked.QueueUrl?.split('/').at(-1) ?? '');
    const standard = stored !== undefined && !stored.isFifo();
    if (standard && action === 'ReceiveMessage') orderFairly(stored, asked.MaxNumberOfMessages);
    const answer = await this.#fauxqs.app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
      payload: JSON.stringify(standard ? withGroupKept(action, input) : input),
    });
    const queryError = answer.headers['x-amzn-query-error'];
    const body: unknown = answer.body === '' ? {} : answer.json();
    return {
      status: answer.statusCode,
      body: this.#inOurTerms(action, asked, body),
      headers: typeof queryError === 'string' ? { 'x-amzn-query-error': queryError } : {},
    };
  }

  #inOurTerms(action: string, asked: z.infer<typeof inputSchema>, body: unknown): unknown {
    if (action === 'GetQueueUrl') {
      const url = this.#queues.find((queue) => queue.name === asked.QueueName)?.url;
      return url === undefined ? body : { QueueUrl: url };
    }
    if (action !== 'ReceiveMessage') return body;
    const system = [...asked.AttributeNames, ...asked.MessageSystemAttributeNames];
    const showGroup = system.includes('All') || system.includes('MessageGroupId');
    const messages = standardMessages(body).map(({ Attributes, MessageAttributes, ...message }) => {
      const { MessageGroupId, ...attributes } = Attributes ?? {};
      const shown = showGroup && MessageGroupId !== undefined ? { ...attributes, MessageGroupId } : attributes;
      return {
        ...message,
        ...(Object.keys(shown).length === 0 ? {} : { Attributes: shown }),
        ...(asked.MessageAttributeNames.length === 0 || MessageAttributes === undefined ? {} : { MessageAttributes }),
      };
    });
    return messages.length === 0 ? {} : { Messages: messages };
  }
}
