import { z } from 'zod';
import type { StackResources } from '../template/resources.ts';

const ruleSchema = z.object({
  Name: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['prefix', 'suffix'])),
  Value: z.string(),
});
const queueConfigurationSchema = z.object({
  Event: z
    .string()
    .regex(
      /^s3:ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)$/,
      'the local S3 announces created objects only',
    ),
  Queue: z.string(),
  Filter: z.object({ S3Key: z.object({ Rules: z.array(ruleSchema) }) }).optional(),
});
const elsewhere = z.undefined('the local S3 announces to SQS queues only').optional();
const bucketSchema = z.object({
  VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  NotificationConfiguration: z
    .object({
      QueueConfigurations: z.array(queueConfigurationSchema).default([]),
      TopicConfigurations: elsewhere,
      LambdaConfigurations: elsewhere,
      EventBridgeConfiguration: elsewhere,
    })
    .optional(),
});

/** Which new objects are announced to which queue. */
export interface BucketNotification {
  /** Its id in messages, which CloudFormation makes up. */
  readonly id: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly queueArn: string;
}

/** A bucket of the template. */
export interface BucketModel {
  readonly name: string;
  readonly arn: string;
  /** `off`: never switched on. */
  readonly versioning: 'Enabled' | 'Suspended' | 'off';
  readonly notifications: readonly BucketNotification[];
}

/**
 * The template's buckets. Versioning and notifications to queues have an effect here; lifecycle rules, encryption, CORS and policies have
 * none.
 */
export function bucketModels(resources: StackResources): BucketModel[] {
  return resources.ofType('AWS::S3::Bucket', bucketSchema).map(({ logicalId, ref, attributes, properties }) => ({
    name: ref,
    arn: attributes['Arn'] ?? '',
    versioning: properties.VersioningConfiguration?.Status ?? 'off',
    notifications: (properties.NotificationConfiguration?.QueueConfigurations ?? []).map(
      ({ Event, Queue, Filter }, index) => {
        const rules = new Map(Filter?.S3Key.Rules.map(({ Name, Value }) => [Name, Value]));
        const [prefix, suffix] = [rules.get('prefix') ?? '', rules.get('suffix') ?? ''];
        return { id: `${logicalId}-${index}`, event: Event, prefix, suffix, queueArn: Queue };
      },
    ),
  }));
}

/** The notifications that an event (such as `ObjectCreated:Put`) on an object of the bucket calls for. */
export const notificationsFor = ({ notifications }: BucketModel, event: string, key: string): BucketNotification[] =>
  notifications.filter(
    (notification) =>
      ['s3:ObjectCreated:*', `s3:${event}`].includes(notification.event) &&
      key.startsWith(notification.prefix) &&
      key.endsWith(notification.suffix),
  );
