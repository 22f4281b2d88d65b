import type { ChunkTask } from '#lambdas/chunk/chunk.ts';
import type { ChunkQueue } from '#lambdas/chunk/store.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A message that was not handled comes back after this, 6 times the consumer's 60 s. */
const VISIBILITY = 360_000;
const MAXIMUM_RECEIVES = 5;

/** The chunk queue with its consumer: at least once, in any order, and aside after five failures. */
export interface MemoryQueue extends ChunkQueue {
  /** Every task that was sent, in order. */
  readonly sent: readonly ChunkTask[];
  readonly deadLetters: readonly ChunkTask[];
  /** Tasks that SQS refuses. */
  refuses: (task: ChunkTask) => boolean;
  /** When the deliveries of a message come, in milliseconds after its sending: more than one, and it is delivered again; none, and it is lost. */
  deliveries: (task: ChunkTask) => readonly number[];
  /** Called for each delivery; a message whose handler rejects is delivered again. Without a consumer messages lie where they are. */
  consumer: ((task: ChunkTask) => Promise<void>) | null;
}

export function memoryQueue(clock: VirtualClock): MemoryQueue {
  const sent: ChunkTask[] = [];
  const deadLetters: ChunkTask[] = [];

  const deliver = async (task: ChunkTask, after: number): Promise<void> => {
    await clock.wait(after);
    for (let receives = 1; receives <= MAXIMUM_RECEIVES; receives += 1) {
      if (!queue.consumer) return;
      try {
        await queue.consumer(structuredClone(task));
        return;
      } catch {
        await clock.wait(VISIBILITY);
      }
    }
    deadLetters.push(task);
  };

  const queue: MemoryQueue = {
    sent,
    deadLetters,
    refuses: () => false,
    deliveries: () => [0],
    consumer: null,
    send: async (tasks) => {
      const unsent = tasks.filter((task) => queue.refuses(task));
      for (const { organisationId, referenceId, batchId, chunk, generation } of tasks) {
        const task: ChunkTask = { organisationId, referenceId, batchId, chunk, generation };
        if (unsent.some((each) => each.batchId === batchId && each.chunk === chunk)) continue;
        sent.push(task);
        for (const after of queue.deliveries(task)) void deliver(task, after);
      }
      return unsent;
    },
  };
  return queue;
}
