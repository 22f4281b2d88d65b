import { Construct } from 'constructs';
import { ChunkLoop } from './chunk-loop.ts';
import type { Deployment } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { allowUpstream } from './upstream.ts';
import { WorkQueue } from './work-queue.ts';

export interface PipelineProps {
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly fileStore: FileStore;
}

/** One way forward: the chunk queue, whose consumer advances a chunk for the first time and starts the loop that goes on. */
export class Pipeline extends Construct {
  readonly chunks: WorkQueue;
  readonly loop: ChunkLoop;

  constructor(scope: Construct, id: string, { deployment, storage, fileStore }: PipelineProps) {
    super(scope, id);
    const { stage } = deployment;
    const startChunk = new ServiceFunction(this, 'StartChunk', {
      stage,
      name: 'start-chunk',
      impactOfErrors: 'accepted batches start late; recovery queues their chunks again after some minutes.',
    });
    const advanceChunk = new ServiceFunction(this, 'AdvanceChunk', {
      stage,
      name: 'advance-chunk',
      impactOfErrors: 'running batches stand still; recovery starts their chunks again, five times at most.',
    });
    for (const caller of [startChunk, advanceChunk]) {
      storage.allow(caller, 'GetItem', 'PutItem', 'UpdateItem', 'Query');
      // The step that ends the last chunk of a dropped file's batch writes its report.
      fileStore.allowWriting(caller, 'drop-reports/');
      allowUpstream(caller, deployment);
    }

    this.chunks = new WorkQueue(this, 'Chunks', {
      stage,
      queue: 'chunk',
      consumer: startChunk,
      impactOfDeadLetters: 'a chunk could not be started in five deliveries; recovery queues it again.',
    });
    this.loop = new ChunkLoop(this, 'Loop', { stage, advanceChunk });
    this.loop.allowStarting(startChunk);
  }
}
