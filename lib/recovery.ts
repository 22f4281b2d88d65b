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

/** The one way back: looks at the open batches every minute, and re-queues chunks that have stalled. */
export class Recovery extends Construct {
  readonly recoverBatches: ServiceFunction;

  constructor(scope: Construct, id: string, { stage, storage, fileStore, chunks }: RecoveryProps) {
    super(scope, id);
    this.recoverBatches = new ServiceFunction(this, 'RecoverBatches', {
      stage,
      name: RECOVERY.function,
      impactOfErrors: 'chunks whose message or execution was lost stall until it runs again.',
      retryAttempts: RECOVERY.retryAttempts,
    });
    storage.grant(this.recoverBatches, 'GetItem', 'PutItem', 'UpdateItem', 'Query');
    storage.grantListOpenBatches(this.recoverBatches);
    // A batch that recovery gives up ends here.
    fileStore.grantWrite(this.recoverBatches, 'drop-reports/');
    chunks.grantSend(this.recoverBatches, 'CHUNK_QUEUE_URL');

    const interval = Duration.seconds(RECOVERY.interval);
    new Rule(this, 'EveryMinute', {
      description: 'Re-queues stalled chunks',
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
