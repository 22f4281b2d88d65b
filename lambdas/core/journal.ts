import type { UpstreamError } from './domain/upstream-error.ts';

/** What is counted. */
export type Measure =
  | 'BatchAccepted'
  | 'RowsAccepted'
  | 'BatchFinished'
  | 'RowCompleted'
  | 'RowFailed'
  | 'UpstreamCall'
  | 'UpstreamPoll'
  | `UpstreamError.${UpstreamError}`
  /** The upstream was away, or may have lost what it was asked. */
  | 'UpstreamFault'
  | 'UpstreamUnauthorized'
  | 'UpstreamUnclassified'
  | 'UpstreamRateLimited'
  | 'CircuitOpened'
  | 'CircuitTrial'
  | 'ChunkRecovered'
  | 'ChunkGivenUp'
  | 'TaskUnsent'
  | 'FileRejected';

/** What is measured. Where it is no number of things, the name ends in its unit. */
export type Quantity =
  /** From acceptance to completion. */
  | 'BatchSeconds'
  /** Of the batches that are open now. */
  | 'OpenBatches'
  | 'OldestBatchSeconds'
  | 'OverdueChunkSeconds'
  | 'ReadyRows'
  | 'RowsInProgress'
  /** Of the upstream calls of one invocation: all together, and the slowest. */
  | 'UpstreamMilliseconds'
  | 'SlowestCallMilliseconds'
  | 'BudgetUsedPercent';

/** Counts, measures and notes what happened. Never given a secret, a VUA, an account number or a balance. */
export interface Journal {
  count(measure: Measure, value?: number): void;
  measure(quantity: Quantity, value: number): void;
  note(message: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}
