import { Duration, Fn, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import { suppressNag, suppressWildcardNag } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { SETTINGS } from './settings.ts';
import { DEAD_LETTER_RETENTION, type WorkQueue } from './work-queue.ts';

export interface FileStoreProps {
  readonly stage: Stage;
}

/** Files that clients' systems put there, files posted with a presigned form, and reports about the former. */
type Folder = 'drop/' | 'uploads/' | 'drop-reports/';

/** The one bucket. It has no CORS rules: a form posted from a page in a browser needs none, and everything else is for servers. */
export class FileStore extends Construct {
  readonly bucket: Bucket;
  readonly #resource: CfnBucket;
  readonly #arn: string;

  constructor(scope: Construct, id: string, { stage }: FileStoreProps) {
    super(scope, id);
    const stack = Stack.of(this);
    // The policy of the queue that the bucket notifies must exist before the bucket, and names it. So the bucket's name must be known beforehand. It ends
    // in the stack's id, a GUID: no bucket that an earlier stack left behind has the same name, and nobody can guess it.
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
          // Files and reports are kept no longer than their batches: what expires is a noncurrent version from then on, and
          // is deleted when that has expired (Amazon S3, "Lifecycle and versioning").
          expiration: Duration.days(Number(SETTINGS.RETENTION_DAYS) - DEAD_LETTER_RETENTION.toDays()),
          // A deleted or overwritten file can be read for as long as a message about it can be in the dead-letter queue.
          noncurrentVersionExpiration: DEAD_LETTER_RETENTION,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      // Nothing empties it: a stack whose bucket holds files can be deleted only after somebody has emptied it.
      removalPolicy: stage.removalPolicy,
    });
    const { defaultChild } = this.bucket.node;
    if (!CfnBucket.isCfnBucket(defaultChild)) throw new Error('the bucket has no CfnBucket: has the CDK changed?');
    this.#resource = defaultChild;
    suppressNag(
      this.bucket,
      'S1',
      "The account's CloudTrail data events show completely who reads and writes what; access logs are best effort and need a second bucket.",
    );
  }

  /** Sends a message to the queue for every object created in the folders, including new versions of existing ones. To be called once. */
  notifyQueue(queue: WorkQueue, folders: readonly Folder[]): void {
    // As a property of the bucket, because the CDK's own way is a function whose role may change the notifications of every bucket.
    this.#resource.notificationConfiguration = {
      queueConfigurations: folders.map((folder) => ({
        event: 's3:ObjectCreated:*',
        filter: { s3Key: { rules: [{ name: 'prefix', value: folder }] } },
        queue: queue.queue.queueArn,
      })),
    };
    queue.grantSendToS3(this.#arn);
    // This includes the queue's policy: S3 sends a test message when the notification is set, and refuses a notification that it may not send.
    this.#resource.node.addDependency(queue.queue);
  }

  /**
   * Lets a function read the files in these folders, by version only, as the notifications name them: a file that is overwritten later is another
   * version. It can't list them, so a key that doesn't exist answers 403. Sets `BUCKET_NAME`.
   */
  grantRead(consumer: ServiceFunction, ...folders: readonly Folder[]): void {
    this.#grant(consumer, ['s3:GetObjectVersion'], folders);
  }

  /** Lets a function, and whoever has a form signed by it, write files into these folders. Sets `BUCKET_NAME`. */
  grantWrite(consumer: ServiceFunction, ...folders: readonly Folder[]): void {
    this.#grant(consumer, ['s3:PutObject'], folders);
  }

  #grant(consumer: ServiceFunction, actions: readonly string[], folders: readonly Folder[]): void {
    consumer.lambda.addEnvironment('BUCKET_NAME', this.bucket.bucketName);
    consumer.allow(
      actions,
      folders.map((folder) => `${this.bucket.bucketArn}/${folder}*`),
    );
    const logicalId = Stack.of(this).getLogicalId(this.#resource);
    for (const folder of folders) {
      suppressWildcardNag(consumer, `<${logicalId}.Arn>/${folder}*`, 'The objects of one folder.');
    }
  }
}
