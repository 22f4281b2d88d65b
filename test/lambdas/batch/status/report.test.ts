import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import { type BatchStatusQuery, readBatchStatus, type StatusRecord } from '#lambdas/batch/status/report.ts';
import { NO_OUTCOME } from '#lambdas/chunk/chunk.ts';
import {
  PHASES,
  type Phase,
  RETRY_ELIGIBILITIES,
  type RetryEligibility,
  ROW_STATUSES,
  type RowStatus,
  statusOf,
} from '#lambdas/chunk/row.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import type { RowError } from '#lambdas/upstream/failures.ts';
import type { AccountDetails } from '#lambdas/upstream/session.ts';
import { aRow } from '#test/world/builders.ts';
import { consentId, consents, ORGANISATION, REFERENCE, submissionOf } from '#test/world/submissions.ts';
import { roomyWorld, taskOf } from '#test/world/unit-worlds.ts';

const query = (change: Partial<BatchStatusQuery> = {}): BatchStatusQuery => ({
  referenceId: REFERENCE,
  filter: { statuses: new Set(), retryEligible: null, search: null },
  page: 1,
  limit: 100,
  includeBalances: false,
  ...change,
});

/** What is known of a row, and what its record has to say. */
interface KnownRow {
  readonly phase: Phase;
  readonly eligibility: RetryEligibility | null;
  readonly sessionId: string | null;
  readonly error: RowError | null;
  readonly accounts: readonly AccountDetails[];
}

const account = (number: number): AccountDetails => ({
  link_reference_number: `link-${number}`,
  masked_account_number: null,
  fip_id: 'bank',
  fip_name: null,
  fi_status: 'DELIVERED',
});

const knownRow: fc.Arbitrary<KnownRow> = fc
  .record({
    phase: fc.constantFrom(...PHASES),
    eligibility: fc.constantFrom(...RETRY_ELIGIBILITIES),
    sessionId: fc.constantFrom(null, 'Ab000000-0000-4000-8000-000000000001', 'cd000000-0000-4000-8000-000000000002'),
    error: fc.constantFrom(
      { code: 'ConsentRevoked', message: 'The consent is revoked.' },
      { code: 'DataFetchTimeout', message: 'No bank delivered in time' },
    ),
    accounts: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ phase, eligibility, sessionId, error, accounts }) => ({
    phase,
    eligibility: phase === 'failed' ? eligibility : null,
    sessionId: phase === 'ready' ? null : sessionId,
    error: phase === 'failed' ? error : null,
    accounts: phase === 'completed' ? Array.from({ length: accounts }, (_, index) => account(index)) : [],
  }));

/** A batch whose rows are as known, in chunks of three. */
async function batchOf(rows: readonly KnownRow[]) {
  const world = roomyWorld({ CHUNK_ROWS: '3' });
  const { batch } = await acceptBatch(world, submissionOf(consents(rows.length)));
  for (let chunk = 0; chunk < batch.chunks; chunk += 1) {
    const key = taskOf(batch, chunk);
    const known = rows.slice(chunk * 3, chunk * 3 + 3);
    const state = await world.chunks.state(key);
    if (!state) throw new Error('no chunk');
    await world.chunks.saveOutcome(key, {
      ...NO_OUTCOME,
      version: 1,
      sessions: new Map(known.flatMap(({ sessionId }, row) => (sessionId === null ? [] : [[row, sessionId] as const]))),
      errors: new Map(known.flatMap(({ error }, row) => (error === null ? [] : [[row, error] as const]))),
    });
    await world.chunks.saveAccounts(key, 2, new Map(known.map(({ accounts }, row) => [row, accounts] as const)));
    await world.chunks.saveState({
      ...state,
      version: 2,
      rows: state.rows.map((row, index) => ({
        ...row,
        phase: known[index]?.phase ?? 'ready',
        eligibility: known[index]?.eligibility ?? null,
      })),
    });
  }
  return world;
}

const STATUS: Readonly<Record<Phase, RowStatus>> = {
  ready: 'READY',
  requesting: 'IN_PROGRESS',
  reconciling: 'IN_PROGRESS',
  joining: 'IN_PROGRESS',
  polling: 'IN_PROGRESS',
  fetchingBalances: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
};

/** All records of a batch, as the API has them. */
const naiveRecords = (rows: readonly KnownRow[], includeBalances: boolean): StatusRecord[] =>
  rows.map(({ phase, eligibility, sessionId, error, accounts }, index) => ({
    id: index + 1,
    consent_id: consentId(index + 1),
    status: STATUS[phase],
    retry_eligible: eligibility,
    session_id: sessionId,
    error,
    ...(includeBalances ? { account_details: accounts } : {}),
  }));

const naiveMatch = (record: StatusRecord, { statuses, retryEligible, search }: BatchStatusQuery['filter']): boolean =>
  (statuses.size === 0 || statuses.has(record.status)) &&
  (retryEligible === null || record.retry_eligible === retryEligible) &&
  (search === null ||
    [record.consent_id, record.session_id ?? '', record.error?.code ?? '', record.error?.message ?? ''].some((text) =>
      text.toLowerCase().includes(search),
    ));

describe('any page of any filter', () => {
  const filters = fc.record({
    statuses: fc.uniqueArray(fc.constantFrom(...ROW_STATUSES)).map((statuses) => new Set(statuses)),
    retryEligible: fc.constantFrom(null, null, ...RETRY_ELIGIBILITIES),
    search: fc.constantFrom(
      null,
      null,
      'revoked',
      'ab0',
      'ab000000-0000-4000-8000-000000000001',
      'bank',
      'c0',
      '00012',
      '%',
      'x',
    ),
  });
  const queries = fc.record({
    filter: filters,
    page: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(Number.MAX_SAFE_INTEGER)),
    limit: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(1000)),
    includeBalances: fc.boolean(),
  });

  test('equals the naive answer computed from all records', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(knownRow, { minLength: 1, maxLength: 20 }),
        fc.array(queries, { minLength: 1, maxLength: 4 }),
        async (rows, asked) => {
          const world = await batchOf(rows);
          for (const each of asked) {
            const report = await readBatchStatus(world, ORGANISATION, query(each));
            const all = naiveRecords(rows, each.includeBalances);
            const matching = all.filter((record) => naiveMatch(record, each.filter));
            const pages = Math.ceil(matching.length / each.limit);
            expect(report.records).toEqual(
              matching.filter((_, index) => Math.floor(index / each.limit) === each.page - 1),
            );
            expect(report.pagination).toEqual({
              page: each.page,
              limit: each.limit,
              total: matching.length,
              total_pages: pages,
              has_next: each.page < pages,
              has_prev: each.page > 1 && matching.length > 0,
            });
            // The summary is that of the batch, whatever is asked for.
            for (const status of ROW_STATUSES) {
              expect(report.counters[status]).toBe(all.filter((record) => record.status === status).length);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('reads only the chunks on the page, and all of them only for a search', async () => {
    const rows = Array.from(
      { length: 30 },
      (): KnownRow => ({ phase: 'polling', eligibility: null, sessionId: null, error: null, accounts: [] }),
    );
    const world = await batchOf(rows);
    const read: number[] = [];
    const chunks: ChunkStore = {
      ...world.chunks,
      input: (key) => {
        read.push(key.chunk);
        return world.chunks.input(key);
      },
    };
    await readBatchStatus({ ...world, chunks }, ORGANISATION, query({ page: 3, limit: 4 }));
    expect(read).toEqual([2, 3]);
    read.length = 0;
    await readBatchStatus({ ...world, chunks }, ORGANISATION, query({ page: 30, limit: 4 }));
    expect(read).toEqual([]);
    await readBatchStatus(
      { ...world, chunks },
      ORGANISATION,
      query({ limit: 1, filter: { statuses: new Set(), retryEligible: null, search: 'c0' } }),
    );
    expect(read).toHaveLength(10);
  });
});

describe('a status', () => {
  test('of a reference that nobody has used is not found', async () => {
    await expect(
      readBatchStatus(roomyWorld(), ORGANISATION, query({ referenceId: 'batch-xyz' })),
    ).rejects.toMatchObject({
      kind: 'not-found',
      code: 'BatchNotFound',
      message: "No batch found with reference_id 'batch-xyz'",
    });
  });

  test('of another organisation’s batch is not found', async () => {
    const world = await batchOf([]).catch(() => roomyWorld());
    await acceptBatch(world, submissionOf(consents(1), { referenceId: 'mine-alone' }));
    await expect(readBatchStatus(world, 'wealth', query({ referenceId: 'mine-alone' }))).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('counts every phase under the status that the specification gives it', () => {
    for (const phase of PHASES) {
      expect(statusOf(aRow(phase))).toBe(STATUS[phase]);
    }
  });
});
