import { Duration, Fn, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import { acknowledge } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { SETTINGS } from './settings.ts';
import type { WorkQueue } from './work-queue.ts';

export interface FileStoreProps {
  readonly stage: Stage;
}

/** What lies in the bucket: files put there by clients' systems, files posted with a presigned form, and what became of the former. */
type Folder = 'drop/' | 'uploads/' | 'drop-reports/';

/** What is deleted or overwritten can be read for as long as a message about it can lie in the dead-letter queue. */
const NONCURRENT_FOR = Duration.days(14);

/**
 * The one bucket. A form that is posted to it from a browser's page needs no CORS, and everything else in it is for servers, so it has
 * none.
 */
export class FileStore extends Construct {
  readonly bucket: Bucket;
  readonly #resource: CfnBucket;
  readonly #arn: string;

  constructor(scope: Construct, id: string, { stage }: FileStoreProps) {
    super(scope, id);
    const stack = Stack.of(this);
    // The policy of the queue that it notifies names the bucket and has to be there before it, so its name must be known before the
    // bucket is. The stack's own id, a GUID, is: no bucket that an earlier stack left behind is in the way, and nobody can guess it.
    const bucketName = `bulk-data-fetch-${stage.name}-${Fn.select(2, Fn.split('/', stack.stackId))}`;
    this.#arn = stack.formatArn({ service: 's3', region: '', account: '', resource: bucketName });

    this.bucket = new Bucket(this, 'Bucket', {
      bucketName,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        {
          // Files and reports are kept for as long as the batches that they belong to.
          expiration: Duration.days(Number(SETTINGS.RETENTION_DAYS)),
          noncurrentVersionExpiration: NONCURRENT_FOR,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      // Nothing empties it: a stack whose bucket holds files is deleted after a person has emptied it.
      removalPolicy: stage.removal,
    });
    const { defaultChild } = this.bucket.node;
    if (!CfnBucket.isCfnBucket(defaultChild)) throw new Error('a bucket is made of something else now');
    this.#resource = defaultChild;
    acknowledge(
      this.bucket,
      'S1',
      "Who reads and writes what is for the data events of the account's CloudTrail, which are complete; access logs are best effort, and a second bucket.",
    );
  }

  /** Sends a message for every object that is created in the folders, versions of existing ones too. To be called once. */
  notify(queue: WorkQueue, folders: readonly Folder[]): void {
    // As a property of the bucket, since the CDK's own way is a function with a role that may change every bucket's notifications.
    this.#resource.notificationConfiguration = {
      queueConfigurations: folders.map((folder) => ({
        event: 's3:ObjectCreated:*',
        filter: { s3Key: { rules: [{ name: 'prefix', value: folder }] } },
        queue: queue.queue.queueArn,
      })),
    };
    queue.allowNotifications(this.#arn);
    // With the queue comes its policy: S3 sends a test message when the notification is set, and takes none that it may not send.
    this.#resource.node.addDependency(queue.queue);
  }

  /**
   * Lets a function read the files of these folders, by version only, as the notifications name them: whatever is put over a file later is
   * another one. It may not list: a key that is not there answers 403.
   */
  allowReading(consumer: ServiceFunction, ...folders: readonly Folder[]): void {
    this.#allow(consumer, ['s3:GetObjectVersion'], folders);
  }

  /** Lets a function, or who has a form signed by it, write files into these folders. */
  allowWriting(consumer: ServiceFunction, ...folders: readonly Folder[]): void {
    this.#allow(consumer, ['s3:PutObject'], folders);
  }

  #allow(consumer: ServiceFunction, actions: readonly string[], folders: readonly Folder[]): void {
    consumer.lambda.addEnvironment('BUCKET_NAME', this.bucket.bucketName);
    consumer.allow(
      actions,
      folders.map((folder) => `${this.bucket.bucketArn}/${folder}*`),
    );
    const logicalId = Stack.of(this).getLogicalId(this.#resource);
    for (const folder of folders) {
      acknowledge(consumer, `IAM5[Resource::<${logicalId}.Arn>/${folder}*]`, 'The objects of one folder.');
    }
  }
}
