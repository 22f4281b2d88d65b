import type { ChunkInput, ChunkOutcome, ChunkState } from '#lambdas/chunk/chunk.ts';
import {
  type Counters,
  countersOf,
  type RetryEligibility,
  type Row,
  type RowStatus,
  retryEligibleOf,
  statusOf,
} from '#lambdas/chunk/row.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { allSettled } from '#lambdas/platform/settled.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import type { RowError } from '#lambdas/upstream/failures.ts';
import type { AccountDetails } from '#lambdas/upstream/session.ts';
import { type Batch, type BatchStatus, batchStatusOf, progressOf, sumCounters } from '../batch.ts';
import { type BatchStore, findOutcome } from '../store.ts';
import type { RequestParameters } from '../submission.ts';

/** Selects records of a batch. An empty set of statuses and a null select everything. */
export interface RecordFilter {
  readonly statuses: ReadonlySet<RowStatus>;
  readonly retryEligible: RetryEligibility | null;
  /** In lower case. */
  readonly search: string | null;
}

export interface BatchStatusQuery {
  readonly referenceId: string;
  readonly filter: RecordFilter;
  readonly page: number;
  readonly limit: number;
  readonly includeBalances: boolean;
}

/** One record of a batch, as the API shows it (docs/spec/batch-status.md, "Records"). */
export interface StatusRecord {
  readonly id: number;
  readonly consent_id: string;
  readonly status: RowStatus;
  readonly retry_eligible: RetryEligibility | null;
  readonly session_id: string | null;
  /** Set where the session was found by look-up, and didn't come with the answer to the row's own FI request. */
  readonly adopted?: true;
  readonly error: RowError | null;
  readonly account_details?: readonly AccountDetails[];
}

/** Where a batch stands. Times are epoch milliseconds. */
export interface BatchReport {
  readonly batch: Batch;
  readonly status: BatchStatus;
  readonly counters: Counters;
  readonly lastUpdatedAt: number;
  readonly progress: number;
  readonly globalConfig: RequestParameters;
  readonly pagination: Pagination;
  readonly records: readonly StatusRecord[];
}

export interface StatusPorts {
  readonly batches: BatchStore;
  readonly chunks: ChunkStore;
  readonly clock: Clock;
}

/** A row of the batch in its chunk. */
interface LocatedRow {
  readonly state: ChunkState;
  readonly index: number;
  readonly row: Row;
}

/**
 * The status of every row of a batch. The counters are the sum over the chunks' states, read strongly consistent. The
 * same states locate a page of any filter except `search`, so that only the chunks on that page are read.
 * @throws ServiceError `BatchNotFound`
 */
export async function readBatchStatus(
  { batches, chunks, clock }: StatusPorts,
  organisationId: string,
  query: BatchStatusQuery,
): Promise<BatchReport> {
  const batch = await findOutcome(batches, organisationId, query.referenceId, clock.now());
  if (!batch) {
    throw new ServiceError('not-found', 'BatchNotFound', `No batch found with reference_id '${query.referenceId}'`);
  }
  return reportOf(chunks, batch, query);
}

/** The same for a batch that was read before. */
export async function reportOf(
  chunks: ChunkStore,
  batch: Batch,
  query: Omit<BatchStatusQuery, 'referenceId'>,
): Promise<BatchReport> {
  // Chunks of a reserved batch may exist already, but they count only once it is accepted.
  const states = batch.chunks === 0 ? [] : await chunks.states(batch);
  if (states.length !== batch.chunks) {
    throw new Error(`batch ${batch.batchId} has ${batch.chunks} chunks, but ${states.length} were read`);
  }
  const counters = sumCounters(states.map(({ rows }) => countersOf(rows)));
  const details = chunkDetails(chunks);
  const matching = await matchingRows(states, query.filter, details);
  const records = await allSettled(
    sliceOfPage(matching, query.page, query.limit).map((row) =>
      recordOf(row, batch.chunkRows, details, query.includeBalances),
    ),
  );
  return {
    batch,
    status: batchStatusOf(batch.total, counters, batch.error),
    counters,
    lastUpdatedAt: states.reduce((latest, { changedAt }) => Math.max(latest, changedAt), batch.acceptedAt),
    progress: progressOf(batch.total, counters),
    globalConfig: batch.globalConfig,
    pagination: paginate(query.page, query.limit, matching.length),
    records,
  };
}

/** What is stored of chunks beside their states. Each is read at most once. */
interface ChunkDetails {
  input(state: ChunkState): Promise<ChunkInput>;
  outcome(state: ChunkState): Promise<ChunkOutcome>;
  accounts(state: ChunkState): Promise<ReadonlyMap<number, readonly AccountDetails[]>>;
}

function chunkDetails(chunks: ChunkStore): ChunkDetails {
  const once = <T>(read: (state: ChunkState) => Promise<T>) => {
    const cache = new Map<number, Promise<T>>();
    return (state: ChunkState): Promise<T> => {
      const value = cache.get(state.key.chunk) ?? read(state);
      cache.set(state.key.chunk, value);
      return value;
    };
  };
  return {
    input: once(({ key }) => chunks.input(key)),
    outcome: once(({ key }) => chunks.outcome(key)),
    accounts: once(({ key }) => chunks.accounts(key)),
  };
}

/** The rows that a filter selects, in their order in the batch. */
async function matchingRows(
  states: readonly ChunkState[],
  filter: RecordFilter,
  details: ChunkDetails,
): Promise<LocatedRow[]> {
  const { statuses, retryEligible, search } = filter;
  const selected = states.flatMap((state) =>
    state.rows.flatMap((row, index): LocatedRow[] => {
      const matches =
        (statuses.size === 0 || statuses.has(statusOf(row))) &&
        (retryEligible === null || retryEligibleOf(row) === retryEligible);
      return matches ? [{ state, index, row }] : [];
    }),
  );
  if (search === null) return selected;
  const found = await allSettled(selected.map((row) => mentions(row, search, details)));
  return selected.filter((_, index) => found[index]);
}

/** Whether a record's consent_id, session_id, error code or message contains the search string. */
async function mentions({ state, index, row }: LocatedRow, search: string, details: ChunkDetails): Promise<boolean> {
  const [input, outcome] = await allSettled([details.input(state), details.outcome(state)]);
  const error = row.phase === 'failed' ? outcome.errors.get(index) : undefined;
  const texts = [input.rows[index]?.consentId, outcome.sessions.get(index), error?.code, error?.message];
  return texts.some((text) => text?.toLowerCase().includes(search));
}

async function recordOf(
  { state, index, row }: LocatedRow,
  chunkRows: number,
  details: ChunkDetails,
  includeBalances: boolean,
): Promise<StatusRecord> {
  const [input, outcome] = await allSettled([details.input(state), details.outcome(state)]);
  const accounts = includeBalances && row.phase === 'completed' ? await details.accounts(state) : undefined;
  return {
    id: state.key.chunk * chunkRows + index + 1,
    consent_id: input.rows[index]?.consentId ?? '',
    status: statusOf(row),
    retry_eligible: retryEligibleOf(row),
    session_id: outcome.sessions.get(index) ?? null,
    ...(outcome.adopted.has(index) ? { adopted: true } : {}),
    error: row.phase === 'failed' ? (outcome.errors.get(index) ?? null) : null,
    ...(includeBalances ? { account_details: accounts?.get(index) ?? [] } : {}),
  };
}

/** A page among `total` records (docs/spec/batch-status.md, `pagination`). */
export interface Pagination {
  readonly page: number;
  readonly limit: number;
  readonly total: number;
  readonly total_pages: number;
  readonly has_next: boolean;
  readonly has_prev: boolean;
}

export function paginate(page: number, limit: number, total: number): Pagination {
  const pages = Math.ceil(total / limit);
  return {
    page,
    limit,
    total,
    total_pages: pages,
    has_next: page < pages,
    has_prev: page > 1 && pages > 0,
  };
}

/** The items of a page; none when it's beyond the last. */
export const sliceOfPage = <T>(items: readonly T[], page: number, limit: number): T[] =>
  items.slice((page - 1) * limit, page * limit);
