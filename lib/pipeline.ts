import { Construct } from 'constructs';
import { ChunkLoop } from './chunk-loop.ts';
import type { Deployment } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { QUEUES } from './topology.ts';
import { grantUpstream } from './upstream.ts';
import { WorkQueue } from './work-queue.ts';

export interface PipelineProps {
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly fileStore: FileStore;
}

/** The one way forward: the chunk queue, whose consumer advances a chunk for the first time and starts the loop that continues. */
export class Pipeline extends Construct {
  readonly chunks: WorkQueue;
  readonly loop: ChunkLoop;

  constructor(scope: Construct, id: string, { deployment, storage, fileStore }: PipelineProps) {
    super(scope, id);
    const { stage } = deployment;
    const startChunk = new ServiceFunction(this, 'StartChunk', {
      stage,
      name: 'start-chunk',
      impactOfErrors: 'accepted batches start late; recovery re-queues their chunks after a few minutes.',
    });
    const advanceChunk = new ServiceFunction(this, 'AdvanceChunk', {
      stage,
      name: 'advance-chunk',
      impactOfErrors:
        'running batches stall; recovery restarts their chunks, and gives up one that got nowhere four times while others move.',
    });
    for (const caller of [startChunk, advanceChunk]) {
      storage.grant(caller, 'GetItem', 'PutItem', 'UpdateItem', 'Query');
      // Whoever ends the last chunk of a dropped file's batch writes its report.
      fileStore.grantWrite(caller, 'drop-reports/');
      grantUpstream(caller, deployment);
    }

    this.chunks = new WorkQueue(this, 'Chunks', {
      stage,
      queue: 'chunk',
      consumer: startChunk,
      impactOfDeadLetters: `a chunk couldn't be started in ${QUEUES.chunk.maxReceiveCount} deliveries. Recovery re-queues it.`,
    });
    this.loop = new ChunkLoop(this, 'Loop', { stage, advanceChunk });
    this.loop.grantStartExecution(startChunk);
  }
}
