import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { RECOVERY } from './topology.ts';
import type { WorkQueue } from './work-queue.ts';

export interface RecoveryProps {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly fileStore: FileStore;
  readonly chunks: WorkQueue;
}

/** One way back: every minute, open batches whose chunks stand still are queued again. */
export class Recovery extends Construct {
  readonly recoverBatches: ServiceFunction;

  constructor(scope: Construct, id: string, { stage, storage, fileStore, chunks }: RecoveryProps) {
    super(scope, id);
    this.recoverBatches = new ServiceFunction(this, 'RecoverBatches', {
      stage,
      name: RECOVERY.function,
      impactOfErrors: 'what is lost stays lost: chunks without a message or an execution stand still until it runs.',
      retryAttempts: RECOVERY.retryAttempts,
    });
    storage.allow(this.recoverBatches, 'GetItem', 'PutItem', 'UpdateItem', 'Query');
    storage.allowListingOpenBatches(this.recoverBatches);
    // A batch that it gives up on ends here.
    fileStore.allowWriting(this.recoverBatches, 'drop-reports/');
    chunks.allowSending(this.recoverBatches, 'CHUNK_QUEUE_URL');

    const interval = Duration.seconds(RECOVERY.interval);
    new Rule(this, 'EveryMinute', {
      description: 'Looks for chunks that stand still',
      schedule: Schedule.rate(interval),
      targets: [
        new LambdaFunction(this.recoverBatches.lambda, {
          retryAttempts: RECOVERY.retryAttempts,
          maxEventAge: interval,
        }),
      ],
    });
  }
}
