import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { QUEUES } from './topology.ts';
import { WorkQueue } from './work-queue.ts';

export interface IntakeProps {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly fileStore: FileStore;
  readonly chunks: WorkQueue;
}

/** The way in for files through the bucket: each new file is a message, and ingest-file makes it a batch. */
export class Intake extends Construct {
  readonly files: WorkQueue;

  constructor(scope: Construct, id: string, { stage, storage, fileStore, chunks }: IntakeProps) {
    super(scope, id);
    const ingestFile = new ServiceFunction(this, 'IngestFile', {
      stage,
      name: 'ingest-file',
      impactOfErrors: "files in the bucket start no batches; batches submitted in other ways aren't affected.",
    });
    storage.grant(ingestFile, 'GetItem', 'PutItem', 'UpdateItem', 'BatchWriteItem', 'Query');
    fileStore.grantRead(ingestFile, 'drop/', 'uploads/');
    fileStore.grantWrite(ingestFile, 'drop-reports/');
    chunks.grantSend(ingestFile, 'CHUNK_QUEUE_URL');

    this.files = new WorkQueue(this, 'Files', {
      stage,
      queue: 'file',
      consumer: ingestFile,
      impactOfDeadLetters: `a file couldn't be read in ${QUEUES.file.maxReceiveCount} deliveries and started no batch. Fix the cause, then redrive it.`,
    });
    // S3 can't say whose a file is; ingest-file sends it on to the queue again, and does (docs/decisions/0021-files-are-sorted-by-organisation.md).
    this.files.grantSend(ingestFile, 'FILE_QUEUE_URL');
    fileStore.notifyQueue(this.files, ['drop/', 'uploads/']);
  }
}
