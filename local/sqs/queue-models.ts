import { z } from 'zod';
import type { StackResources } from '../template/resources.ts';

const asText = z.union([z.number(), z.boolean(), z.string()]).transform(String).optional();

const queueSchema = z.object({
  VisibilityTimeout: asText,
  DelaySeconds: asText,
  MessageRetentionPeriod: asText,
  MaximumMessageSize: asText,
  ReceiveMessageWaitTimeSeconds: asText,
  FifoQueue: asText,
  ContentBasedDeduplication: asText,
  RedrivePolicy: z
    .object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() })
    .transform((policy) => JSON.stringify(policy))
    .default(''),
});

/** A queue of the template. */
export interface QueueModel {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** As SQS's SetQueueAttributes takes them; an empty RedrivePolicy is none. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The template's queues. */
export function queueModels(resources: StackResources): QueueModel[] {
  return resources.ofType('AWS::SQS::Queue', queueSchema).map(({ ref, attributes, properties }) => ({
    name: attributes['QueueName'] ?? '',
    url: ref,
    arn: attributes['Arn'] ?? '',
    attributes: Object.fromEntries(
      Object.entries(properties).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  }));
}
