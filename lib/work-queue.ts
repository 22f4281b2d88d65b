import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { ServiceFunction } from './service-function.ts';
import { QUEUES } from './topology.ts';

export interface WorkQueueProps {
  readonly stage: Stage;
  readonly queue: keyof typeof QUEUES;
  readonly consumer: ServiceFunction;
  /** For the person on call: what a message in the dead-letter queue means. */
  readonly impactOfDeadLetters: string;
}

/** The longest that SQS keeps a message. */
export const DEAD_LETTER_RETENTION = Duration.days(14);

/**
 * A queue, its dead-letter queue and its consumer, which gets one message at a time and reports failures one by one.
 * Nothing reads the dead-letter queue: recovery heals what a lost message of a chunk left behind, and the queue is the evidence.
 */
export class WorkQueue extends Construct {
  readonly name: string;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly impactOfDeadLetters: string;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const { name, visibilityTimeout, maxReceiveCount, maxConcurrency } = QUEUES[props.queue];
    this.name = name;
    this.impactOfDeadLetters = props.impactOfDeadLetters;
    const named = `bulk-data-fetch-${props.stage.name}-${name}`;

    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      queueName: `${named}-dead-letters`,
      retentionPeriod: DEAD_LETTER_RETENTION,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: named,
      visibilityTimeout: Duration.seconds(visibilityTimeout),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount },
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });

    props.consumer.allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [this.queue.queueArn]);
    new EventSourceMapping(this, 'Mapping', {
      target: props.consumer.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: 1,
      maxConcurrency,
      reportBatchItemFailures: true,
    });
  }

  /** Lets a function send messages; sets the environment variable to the queue's URL. */
  grantSend(sender: ServiceFunction, variable: string): void {
    sender.lambda.addEnvironment(variable, this.queue.queueUrl);
    sender.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /** Lets S3 send messages about one bucket of this account. The ARN must not refer to the bucket, which needs this policy first. */
  grantSendToS3(bucketArn: string): void {
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: {
          ArnEquals: { 'aws:SourceArn': bucketArn },
          // A bucket's ARN names no account, and the name of a deleted bucket can become someone else's.
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        },
      }),
    );
  }
}
