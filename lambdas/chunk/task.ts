import type { ChunkKey } from './state.ts';

/** What the chunk queue carries. */
export interface ChunkTask extends ChunkKey {
  readonly generation: number;
}

export interface ChunkQueue {
  /** Sends the tasks; returns those that could not be sent. */
  send(tasks: readonly ChunkTask[]): Promise<readonly ChunkTask[]>;
}

/** Where an advance leaves a chunk: done, or to be advanced again at `resumeAt` (epoch milliseconds). */
export type NextStep = { readonly done: true } | { readonly done: false; readonly resumeAt: number };

export interface ChunkLoop {
  /** Starts waiting for and advancing a chunk. Starting the same task again changes nothing. */
  start(task: ChunkTask, resumeAt: number): Promise<void>;
}
