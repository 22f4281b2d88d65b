import { z } from 'zod';
import type { AwsFront } from '../aws-front.ts';
import type { CallRecord } from '../call-record.ts';
import type { FunctionModel } from '../lambda/function-models.ts';
import type { Invoker } from '../lambda/lambda.ts';
import type { StackResources } from '../template/resources.ts';
import type { QueueModel } from './queue-models.ts';
import type { Sqs, SqsMessage } from './sqs.ts';

const mappingSchema = z.object({
  EventSourceArn: z.string().regex(/^arn:[^:]+:sqs:/, 'the local cloud polls SQS queues only'),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.number().default(10),
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
  FilterCriteria: z.undefined('the local cloud does not filter messages').optional(),
});

/** One mapping of a queue to a function. */
export interface EventSource {
  readonly queue: QueueModel;
  readonly model: FunctionModel;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

/** The most that Lambda's pollers invoke a function at a time for one queue, unless the mapping says less. */
const MAXIMUM_CONCURRENCY = 1250;

const failuresSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/** The template's event source mappings. */
export function eventSources(resources: StackResources, sqs: Sqs, functions: readonly FunctionModel[]): EventSource[] {
  return resources
    .ofType('AWS::Lambda::EventSourceMapping', mappingSchema)
    .filter(({ properties }) => properties.Enabled)
    .map(({ logicalId, properties }) => {
      const model = functions.find(({ name, arn }) => [name, arn].includes(properties.FunctionName));
      if (model === undefined) throw new Error(`${logicalId}: no function ${properties.FunctionName} to call`);
      return {
        queue: sqs.queue(properties.EventSourceArn),
        model,
        batchSize: properties.BatchSize,
        maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? MAXIMUM_CONCURRENCY,
        reportsFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      };
    });
}

/**
 * Polls a queue for a function, as Lambda does: batches up to the mapping's size, as many at a time as it allows. There is no batching window: a batch is
 * what one poll found. What succeeded is deleted; what failed waits hidden for the rest of its visibility timeout, scaled.
 */
export class Poller {
  readonly #source: EventSource;
  readonly #sqs: Sqs;
  readonly #front: AwsFront;
  readonly #lambda: Invoker;
  readonly #concurrency: number;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = Promise.withResolvers<void>();
  #stopped = false;

  /** `containers` is how many of the function can run here at a time: a message must not wait for one, since its visibility timeout runs. */
  constructor(
    source: EventSource,
    containers: number,
    { sqs, front, lambda, record }: { sqs: Sqs; front: AwsFront; lambda: Invoker; record: CallRecord },
  ) {
    this.#source = source;
    this.#sqs = sqs;
    this.#front = front;
    this.#lambda = lambda;
    this.#concurrency = Math.min(source.maximumConcurrency, containers);
    // Lambda's pollers call SQS with the function's role.
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']) {
      record.add(source.model.logicalId, { action, resource: source.queue.arn });
    }
  }

  /** Polls until stopped. */
  async start(): Promise<void> {
    while (!this.#stopped) {
      if (this.#running.size >= this.#concurrency) {
        await Promise.race([...this.#running, this.#stopping.promise]);
        continue;
      }
      const messages = await this.#receive();
      if (this.#stopped || messages.length === 0) continue;
      const batch = this.#process(messages).finally(() => this.#running.delete(batch));
      this.#running.add(batch);
    }
  }

  /** Ends `start` as soon as no poll is under way. Batches that the function has are left to their visibility timeout. */
  stop(): void {
    this.#stopped = true;
    this.#stopping.resolve();
  }

  async #receive(): Promise<SqsMessage[]> {
    const messages: SqsMessage[] = [];
    do {
      const wanted = Math.min(10, this.#source.batchSize - messages.length);
      const received = await this.#sqs.poll(this.#source.queue, wanted);
      messages.push(...received);
      if (received.length < wanted) break;
    } while (messages.length < this.#source.batchSize);
    return messages;
  }

  async #process(messages: readonly SqsMessage[]): Promise<void> {
    const { model, queue } = this.#source;
    const event = JSON.stringify({ Records: messages.map((message) => this.#recordOf(message)) });
    // An event that Lambda does not take fails like the function would.
    const outcome = await this.#lambda.invoke(model.arn, event).catch(() => undefined);
    if (this.#stopped) return;
    const failed = outcome?.ok === true ? this.#failedOf(messages, outcome.payload) : messages;
    for (const message of failed) this.#sqs.waitForNextTry(queue, message.ReceiptHandle);
    const done = messages.filter((message) => !failed.includes(message));
    for (let index = 0; index < done.length; index += 10) {
      const Entries = done.slice(index, index + 10).map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }));
      await this.#front.call(this.#sqs, 'DeleteMessageBatch', { QueueUrl: queue.url, Entries }, model.logicalId);
    }
  }

  /** The messages that the function reports as failed: all of them where its answer names one that it was not given. */
  #failedOf(messages: readonly SqsMessage[], payload: string): readonly SqsMessage[] {
    if (!this.#source.reportsFailures) return [];
    const answer = failuresSchema.safeParse(JSON.parse(payload));
    if (!answer.success) return messages;
    const failed: SqsMessage[] = [];
    for (const { itemIdentifier } of answer.data?.batchItemFailures ?? []) {
      const message = messages.find(({ MessageId }) => MessageId === itemIdentifier);
      if (message === undefined) return messages;
      failed.push(message);
    }
    return failed;
  }

  #recordOf(message: SqsMessage): object {
    return {
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
          name,
          {
            dataType: DataType,
            stringValue: StringValue,
            binaryValue: BinaryValue,
            stringListValues: [],
            binaryListValues: [],
          },
        ]),
      ),
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: this.#source.queue.arn,
      awsRegion: this.#source.queue.arn.split(':')[3],
    };
  }
}
