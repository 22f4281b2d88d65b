import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { WorkQueue } from './work-queue.ts';

export interface IntakeProps {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly fileStore: FileStore;
  readonly chunks: WorkQueue;
}

/** The way in for files that come through the bucket: each new one is a message, and ingest-file makes a batch of it. */
export class Intake extends Construct {
  readonly files: WorkQueue;

  constructor(scope: Construct, id: string, { stage, storage, fileStore, chunks }: IntakeProps) {
    super(scope, id);
    const ingestFile = new ServiceFunction(this, 'IngestFile', {
      stage,
      name: 'ingest-file',
      impactOfErrors: 'files in the bucket start no batches; batches of the other ways in go on.',
    });
    storage.allow(ingestFile, 'GetItem', 'PutItem', 'UpdateItem', 'BatchWriteItem', 'Query');
    fileStore.allowReading(ingestFile, 'drop/', 'uploads/');
    fileStore.allowWriting(ingestFile, 'drop-reports/');
    chunks.allowSending(ingestFile, 'CHUNK_QUEUE_URL');

    this.files = new WorkQueue(this, 'Files', {
      stage,
      queue: 'file',
      consumer: ingestFile,
      impactOfDeadLetters:
        'a file could not be read in five deliveries and started no batch; redrive it once the cause is gone.',
    });
    fileStore.notify(this.files, ['drop/', 'uploads/']);
  }
}
