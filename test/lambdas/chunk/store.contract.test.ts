import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_PARAMETERS, plainRow } from '#lambdas/batch/submission.ts';
import { type ChunkKey, type ChunkState, mergeOutcome, NO_OUTCOME, newChunk } from '#lambdas/chunk/chunk.ts';
import { asStored } from '#lambdas/chunk/codec.ts';
import { PHASES, RETRY_ELIGIBILITIES, type Row } from '#lambdas/chunk/row.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import type { ChunkStore, NewChunk } from '#lambdas/chunk/store.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { AccountDetails } from '#lambdas/upstream/session.ts';
import { emptyChunkStorage, memoryChunks } from '#test/world/chunks.ts';
import { bytesOf, pseudoRandom, scrambledGuid } from '#test/world/item-sizes.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';
import { direct } from '#test/world/network.ts';

const settings = readSettings({});
const NOW = 1_800_000_000_000;
const random = pseudoRandom(7);
const ROWS = settings.chunkRows;

/** The longest names that the bounds of the design allow. */
const key: ChunkKey = {
  organisationId: 'o'.repeat(36),
  referenceId: 'r'.repeat(60),
  batchId: scrambledGuid(random),
  chunk: 39,
};

const CLOCK = { now: () => NOW };

let table: LocalTable;
let chunks: ChunkStore;
beforeEach(async () => {
  table = await localTable();
  chunks = dynamoDbChunks(table, CLOCK, settings);
});
afterEach(() => table.close());

const rowsOf = <T>(make: (row: number) => T): T[] => Array.from({ length: ROWS }, (_, row) => make(row));

const newChunkOf = (consents: readonly string[]): NewChunk => ({
  state: newChunk(
    key,
    consents.map(() => false),
    NOW,
    settings,
  ),
  input: {
    defaults: NO_PARAMETERS,
    chunkRows: ROWS,
    rows: consents.map((consent) => ({ ...plainRow(consent), previous: null })),
  },
  rejections: { ...NO_OUTCOME, version: 1 },
});

const sizeOf = async (prefix: string): Promise<number> => {
  const item = (await table.items()).find(({ sk }) => typeof sk === 'string' && sk.startsWith(prefix));
  if (!item) throw new Error(`no item ${prefix}`);
  return bytesOf(item);
};

const STORES = {
  memory: () => {
    const storage = emptyChunkStorage();
    const stored = () =>
      [...storage.items].flatMap(([pk, items]) => [...items].map(([sk, item]) => ({ pk, sk, ...item })));
    return { chunks: memoryChunks(direct, storage), items: async (): Promise<unknown[]> => stored() };
  },
  DynamoDB: () => ({ chunks: dynamoDbChunks(table, CLOCK, settings), items: (): Promise<unknown[]> => table.items() }),
};

describe.each(Object.entries(STORES))('a chunk in %s', (_store, open) => {
  let chunks: ChunkStore;
  let items: () => Promise<unknown[]>;
  beforeEach(() => {
    ({ chunks, items } = open());
  });

  test('comes back as it was written', async () => {
    const chunk = newChunkOf(rowsOf(() => scrambledGuid(random)));
    await chunks.create([chunk]);
    expect(await chunks.state(key)).toEqual(chunk.state);
    expect(await chunks.states(key)).toHaveLength(1);
    expect(await chunks.input(key)).toEqual(chunk.input);
    expect(await chunks.outcome(key)).toEqual(NO_OUTCOME);
  });

  test('keeps the spelling of ids', async () => {
    const chunk = newChunkOf(['54450AC0-8BCB-4B9C-AD74-29B4FABE18F7', '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7']);
    await chunks.create([chunk]);
    expect(await chunks.input(key)).toEqual(chunk.input);
  });

  test('is written on the condition that nobody else has written since', async () => {
    const { state } = newChunkOf([scrambledGuid(random)]);
    await chunks.create([{ ...newChunkOf([scrambledGuid(random)]), state }]);
    const next = { ...state, version: 2, movedAt: NOW + 1 };
    expect(await chunks.saveState(next)).toBe(true);
    expect(await chunks.saveState(next)).toBe(false);
    const outcome = mergeOutcome(NO_OUTCOME, { ...NO_OUTCOME, sessions: new Map([[0, 'session']]) });
    expect(await chunks.saveOutcome(key, outcome)).toBe(true);
    expect(await chunks.saveOutcome(key, outcome)).toBe(false);
  });

  test('holds a session for the row that claimed it first, which may claim it again, in one organisation', async () => {
    const session = scrambledGuid(random);
    expect(await chunks.claimSession(key, 7, session)).toBe(true);
    expect(await chunks.claimSession(key, 7, session.toUpperCase())).toBe(true);
    expect(await chunks.claimSession(key, 8, session)).toBe(false);
    expect(await chunks.claimSession({ ...key, chunk: 4 }, 7, session)).toBe(false);
    expect(await chunks.claimSession({ ...key, batchId: scrambledGuid(random) }, 7, session)).toBe(false);
    expect(await chunks.claimSession({ ...key, organisationId: 'another' }, 8, session)).toBe(true);
    expect(await chunks.claimSession(key, 7, session)).toBe(true);
  });

  test('is gone without a trace when it is discarded', async () => {
    await chunks.create([newChunkOf(rowsOf(() => scrambledGuid(random)))]);
    await chunks.discard([key]);
    expect(await items()).toEqual([]);
  });

  test('shows the accounts of the highest version', async () => {
    const account = (fip: string): AccountDetails => ({
      link_reference_number: scrambledGuid(random),
      masked_account_number: 'XXXXXXXX1234',
      fip_id: fip,
      fip_name: null,
      fi_status: 'DELIVERED',
    });
    await chunks.saveAccounts(key, 9, new Map([[3, [account('old')]]]));
    const latest = { ...account('new'), current_balance: '12.50', currency: 'INR' };
    await chunks.saveAccounts(key, 10, new Map([[3, [latest]]]));
    expect(await chunks.accounts(key)).toEqual(new Map([[3, [latest]]]));
  });

  test('accounts of one consent that are too many for an item come back whole, and those of a later advance replace them', async () => {
    const many = Array.from(
      { length: 9_000 },
      (_, index): AccountDetails => ({
        link_reference_number: scrambledGuid(random),
        masked_account_number: `XXXX${index}`,
        fip_id: scrambledGuid(random),
        fip_name: scrambledGuid(random),
        fi_status: 'DELIVERED',
      }),
    );
    await chunks.saveAccounts(key, 2, new Map([[3, many]]));
    expect((await items()).length).toBeGreaterThan(1);
    expect(await chunks.accounts(key)).toEqual(new Map([[3, many]]));
    await chunks.saveAccounts(key, 3, new Map([[3, many.slice(0, 1)]]));
    expect(await chunks.accounts(key)).toEqual(new Map([[3, many.slice(0, 1)]]));
  });
});

test('both stores do the same with any writes in any order', async () => {
  const version = fc.integer({ min: 1, max: 4 });
  const index = fc.integer({ min: 0, max: 2 });
  const write = fc.oneof(
    fc.record({ kind: fc.constant('state'), version, dueAt: fc.integer({ min: NOW, max: NOW + 9 }) }),
    fc.record({ kind: fc.constant('outcome'), version, row: index }),
    fc.record({ kind: fc.constant('accounts'), version, row: index }),
    fc.constantFrom({ kind: 'create' } as const, { kind: 'discard' } as const),
  );
  const account = { masked_account_number: null, fip_id: null, fip_name: null, fi_status: 'READY' };
  const chunk = newChunkOf(rowsOf(() => scrambledGuid(random)).slice(0, 3));
  let batches = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 10 }), async (writes) => {
      batches += 1;
      const own: ChunkKey = { ...key, batchId: `batch-${batches}` };
      const both = [STORES.memory().chunks, STORES.DynamoDB().chunks];
      const written = (store: ChunkStore, each: (typeof writes)[number]): Promise<unknown> => {
        switch (each.kind) {
          case 'state':
            return store.saveState({ ...chunk.state, key: own, version: each.version, dueAt: each.dueAt });
          case 'outcome':
            return store.saveOutcome(own, {
              ...NO_OUTCOME,
              version: each.version,
              sessions: new Map([[each.row, 's']]),
            });
          case 'accounts':
            return store.saveAccounts(
              own,
              each.version,
              new Map([[each.row, [{ ...account, link_reference_number: `${each.version}` }]]]),
            );
          case 'create':
            return store.create([{ ...chunk, state: { ...chunk.state, key: own } }]);
          case 'discard':
            return store.discard([own]);
        }
      };
      const seen = (store: ChunkStore) =>
        Promise.all([store.state(own), store.states(own), store.outcome(own), store.accounts(own)]);
      for (const each of writes) {
        const [memory, dynamo] = await Promise.all(both.map((store) => written(store, each)));
        expect(dynamo, JSON.stringify(each)).toEqual(memory);
      }
      const [memory, dynamo] = await Promise.all(both.map(seen));
      expect(dynamo).toEqual(memory);
    }),
    { numRuns: 60 },
  );
});

describe('the worst case of an item', () => {
  const pick = <T>(values: readonly T[]): T => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new RangeError('nothing to pick');
    return value;
  };
  const anyTime = (): number => NOW + Math.floor(random() * 86_400_000);
  const anyRow = (): Row => ({
    phase: pick(PHASES),
    eligibility: pick([...RETRY_ELIGIBILITIES, null]),
    attempt: 1 + Math.floor(random() * 4),
    tries: Math.floor(random() * 256),
    requestedAt: anyTime(),
    lastAskedAt: anyTime(),
    notBefore: anyTime(),
  });

  test('a state of rows without any likeness has at most 2 KB', async () => {
    const state: ChunkState = {
      ...newChunkOf([]).state,
      version: 999_999,
      rows: rowsOf(anyRow),
      leasedUntil: NOW + 1,
      reservation: { window: NOW / 60_000, startsAt: NOW, endsAt: NOW + 60_000, tokens: 500, tight: true, epoch: 12 },
    };
    await chunks.create([{ ...newChunkOf([]), state }]);
    expect(await sizeOf('STATE')).toBeLessThanOrEqual(2048);
    expect((await chunks.state(key))?.rows).toEqual(asStored(state.rows, state));
  });

  test('an input of rows with everything set has at most 100 KB', async () => {
    const chunk = newChunkOf(rowsOf(() => scrambledGuid(random)));
    const text = (length: number): string =>
      Array.from({ length }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join('');
    const rows = chunk.input.rows.map((row, index) => ({
      ...row,
      fiDataRangeFrom: `2024-01-01T00:00:00.${String(index).padStart(9, '0')}+05:30`,
      fiDataRangeTo: `2024-12-31T00:00:00.${String(index).padStart(9, '0')}+05:30`,
      configId: text(128),
      previous: index,
    }));
    await chunks.create([{ ...chunk, input: { ...chunk.input, rows } }]);
    expect(await sizeOf('INPUT')).toBeLessThanOrEqual(100 * 1024);
    expect((await chunks.input(key)).rows).toEqual(rows);
  });

  test('an outcome of sessions and distinct errors has at most 100 KB', async () => {
    const text = (length: number): string =>
      Array.from({ length }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join('');
    const change = {
      adopted: new Set(rowsOf((row) => row)),
      sessions: new Map(rowsOf((row) => [row, scrambledGuid(random)] as const)),
      errors: new Map(rowsOf((row) => [row, { code: text(64), message: text(300) }] as const)),
    };
    await chunks.saveOutcome(key, mergeOutcome(NO_OUTCOME, change));
    expect(await sizeOf('OUTCOME')).toBeLessThanOrEqual(100 * 1024);
    expect(await chunks.outcome(key)).toEqual({ version: 1, ...change });
  });

  test('the largest chunk that CHUNK_ROWS allows fits into its items, in any script', async () => {
    const most = readSettings({ CHUNK_ROWS: '400' }).chunkRows;
    const many = <T>(make: (row: number) => T): T[] => Array.from({ length: most }, (_, row) => make(row));
    const text = (length: number): string =>
      Array.from({ length }, () => String.fromCharCode(0x4e00 + Math.floor(random() * 20_000))).join('');
    const chunk = newChunkOf(many(() => text(64)));
    const rows = chunk.input.rows.map((row) => ({ ...row, fiDataRangeFrom: text(40), configId: text(128) }));
    const state = { ...chunk.state, rows: many(anyRow) };
    await chunks.create([{ ...chunk, state, input: { ...chunk.input, rows } }]);
    const change = {
      sessions: new Map(many((row) => [row, scrambledGuid(random).toUpperCase()] as const)),
      adopted: new Set([3, 1]),
      errors: new Map(many((row) => [row, { code: text(64), message: text(300) }] as const)),
    };
    expect(await chunks.saveOutcome(key, mergeOutcome(NO_OUTCOME, change))).toBe(true);
    expect((await chunks.input(key)).rows).toEqual(rows);
    expect(await chunks.outcome(key)).toEqual({ version: 1, ...change });
  });

  test('accounts are split so that no item comes near 400 KB', async () => {
    const accounts = new Map(
      rowsOf((row) => [
        row,
        Array.from(
          { length: 60 },
          (): AccountDetails => ({
            link_reference_number: scrambledGuid(random),
            masked_account_number: `XXXXXXXX${Math.floor(random() * 10_000)}`,
            fip_id: scrambledGuid(random),
            fip_name: scrambledGuid(random),
            fi_status: 'DELIVERED',
          }),
        ),
      ]),
    );
    await chunks.saveAccounts(key, 2, accounts);
    const items = await table.items();
    expect(items.length).toBeGreaterThan(1);
    expect(Math.max(...items.map(bytesOf))).toBeLessThanOrEqual(301 * 1024);
    expect(await chunks.accounts(key)).toEqual(accounts);
  });
});

describe('the usual case of an item', () => {
  test('a state is billed as one write unit, an input and an outcome as five', async () => {
    const usual = { ...key, organisationId: 'org-2f6b', referenceId: 'portfolio-refresh-2024-11-10', chunk: 3 };
    const consents = rowsOf(() => scrambledGuid(random));
    const chunk = newChunkOf(consents);
    await chunks.create([{ ...chunk, state: { ...chunk.state, key: usual } }]);
    await chunks.saveOutcome(
      key,
      mergeOutcome(NO_OUTCOME, { ...NO_OUTCOME, sessions: new Map(consents.map((id, row) => [row, id])) }),
    );
    expect(await sizeOf('STATE')).toBeLessThanOrEqual(1024);
    expect(await sizeOf('INPUT')).toBeLessThanOrEqual(5 * 1024);
    expect(await sizeOf('OUTCOME')).toBeLessThanOrEqual(5 * 1024);
  });
});
