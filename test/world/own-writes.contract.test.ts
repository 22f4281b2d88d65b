import { describe, expect, test } from 'vitest';
import type { Batch } from '#lambdas/batch/batch.ts';
import type { BatchChange } from '#lambdas/batch/store.ts';
import { NO_PARAMETERS, plainRow } from '#lambdas/batch/submission.ts';
import { mergeOutcome, NO_OUTCOME, newChunk } from '#lambdas/chunk/chunk.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { LedgerChange } from '#lambdas/upstream/ledger.ts';
import { virtualClock } from './clock.ts';
import { CALM, type Fault } from './disturbance.ts';
import { NO_HISTORY } from './history.ts';
import { networkOf } from './network.ts';
import { randomOf } from './random.ts';
import { START } from './start.ts';
import { emptyStorage, memoryStores, OPEN_BATCHES_INDEX, type OpenStores, type Stores, tableStores } from './stores.ts';
import { MemoryTable } from './table/memory-table.ts';
import { virtualTimers } from './table/timers.ts';

const settings = readSettings({});
const HOUR = 3_600_000;

const KINDS: Readonly<Record<string, () => OpenStores>> = {
  'stores in memory': () => memoryStores(emptyStorage()),
  'stores over a table': () => tableStores(new MemoryTable(OPEN_BATCHES_INDEX, ['openBatches', 'acceptedAt']), CALM),
};

const batch: Batch = {
  organisationId: 'lender',
  referenceId: 'portfolio',
  batchId: 'one',
  promisedId: null,
  total: 2,
  duplicates: 0,
  chunks: 2,
  chunkRows: 1,
  fileName: 'consents.csv',
  globalConfig: NO_PARAMETERS,
  acceptedAt: START,
  finishedChunks: new Set(),
  source: 'form',
  reservation: null,
  error: null,
  idempotency: null,
};
const upload: Batch = {
  ...batch,
  chunks: 0,
  total: 0,
  source: 'presigned',
  reservation: { fileType: 'csv', until: START + HOUR },
};
const read: Batch = { ...batch, source: 'presigned', batchId: 'reader', promisedId: 'one' };
const EXPIRES_AT = START / 1000 + 1_000;
const accept = (accepted: Batch): BatchChange => ({
  kind: 'accept',
  batch: accepted,
  expiresAt: EXPIRES_AT,
  now: START,
});
const lease: BatchChange = { kind: 'lease-upload', until: START + 60_000, now: START };
const acceptUpload: BatchChange = { kind: 'accept-upload', batch: read, expiresAt: EXPIRES_AT };
const finish: BatchChange = { kind: 'finish-chunk', chunk: 1 };
const close: BatchChange = { kind: 'close', at: START + 1 };

const key = { organisationId: 'lender', referenceId: 'portfolio', batchId: 'one', chunk: 0 };
const state = newChunk(key, [false], START, settings);
const chunk = {
  state,
  input: { defaults: NO_PARAMETERS, chunkRows: 1, rows: [{ ...plainRow('consent'), previous: null }] },
  rejections: { ...NO_OUTCOME, version: 1, errors: new Map([[0, { code: 'InvalidRequest', message: 'x' }]]) },
};
const moved = { ...state, version: 2, dueAt: START + 1_000 };
const known = mergeOutcome({ ...NO_OUTCOME, version: 1 }, { ...NO_OUTCOME, sessions: new Map([[0, 'session']]) });

type Step = (stores: Stores) => Promise<unknown>;
const applied =
  (change: BatchChange, of: Batch = batch): Step =>
  async ({ batches }) =>
    (await batches.apply(of, change)) !== null;

const changes =
  (change: LedgerChange): Step =>
  async ({ ledgers }) =>
    (await ledgers.apply('lender', change)) !== null;

/** Each conditional write, what comes before it, and what others write after it. */
const WRITES: readonly {
  readonly name: string;
  readonly before: readonly Step[];
  readonly write: Step;
  readonly after: readonly Step[];
}[] = [
  { name: 'accept', before: [], write: applied(accept(batch)), after: [applied(finish), applied(close)] },
  {
    name: 'accept, of a reservation',
    before: [],
    write: applied(accept(upload)),
    after: [applied(lease), applied(acceptUpload)],
  },
  { name: 'lease-upload', before: [applied(accept(upload))], write: applied(lease), after: [applied(acceptUpload)] },
  {
    name: 'accept-upload',
    before: [applied(accept(upload)), applied(lease)],
    write: applied(acceptUpload),
    after: [applied(finish, read), applied(close, read)],
  },
  { name: 'finish-chunk', before: [applied(accept(batch))], write: applied(finish), after: [applied(close)] },
  { name: 'close', before: [applied(accept(batch))], write: applied(close), after: [] },
  {
    name: 'create',
    before: [],
    write: async ({ chunks }) => (await chunks.create([chunk])) === undefined,
    after: [({ chunks }) => chunks.saveState(moved), ({ chunks }) => chunks.saveOutcome(key, known)],
  },
  {
    name: 'saveState',
    before: [({ chunks }) => chunks.create([chunk])],
    write: ({ chunks }) => chunks.saveState(moved),
    after: [({ chunks }) => chunks.saveState({ ...moved, version: 3, dueAt: START + 2_000 })],
  },
  {
    name: 'saveOutcome',
    before: [({ chunks }) => chunks.create([chunk])],
    write: ({ chunks }) => chunks.saveOutcome(key, known),
    after: [({ chunks }) => chunks.saveOutcome(key, mergeOutcome(known, NO_OUTCOME))],
  },
  {
    name: 'claimSession',
    before: [],
    write: ({ chunks }) => chunks.claimSession(key, 0, 'session'),
    after: [({ chunks }) => chunks.claimSession(key, 0, 'session')],
  },
  {
    name: 'open-circuit',
    before: [({ ledgers }) => ledgers.read('lender')],
    write: changes({ kind: 'open-circuit', until: START + 1, by: 'own' }),
    after: [changes({ kind: 'extend-circuit', until: START + 2 })],
  },
  {
    name: 'half-open-circuit',
    before: [
      ({ ledgers }) => ledgers.read('lender'),
      changes({ kind: 'open-circuit', until: START + 1, by: 'another' }),
    ],
    write: changes({ kind: 'half-open-circuit', seen: START + 1, until: START + 2, window: 1, by: 'own' }),
    after: [changes({ kind: 'half-open-circuit', seen: START + 2, until: START + 3, window: 2, by: 'other' })],
  },
];

const contentOf = async ({ batches, chunks, ledgers }: Stores) => [
  await batches.read('lender', 'portfolio'),
  await chunks.state(key),
  await chunks.outcome(key),
  await ledgers.read('lender'),
];

describe.each(Object.entries(KINDS))('the SDK repeats a write: %s', (kind, open) => {
  /** Runs a write that a fault hits, while others write one second after it; the fault's second write comes after two. */
  async function played(fault: Fault, { before, write, after }: (typeof WRITES)[number], pause: number) {
    const clock = virtualClock(START);
    const restore = kind === 'stores over a table' ? virtualTimers(clock, randomOf(1, 'retries')) : () => {};
    const stores = open();
    let isHit = false;
    const disturbance = { ...CALM, repeatPause: () => pause, fault: () => (isHit ? fault : null) };
    const worker = networkOf(clock, disturbance, NO_HISTORY).worker('worker');
    const own = stores(worker.call, clock, settings);
    const others = stores(networkOf(clock, CALM, NO_HISTORY).worker('others').call, clock, settings);
    const run = async () => {
      for (const step of before) await step(own);
      isHit = true;
      const writing = write(own);
      await clock.wait(1_000);
      isHit = false;
      for (const step of after) await step(others);
      const left = await contentOf(others);
      const result = await writing;
      await clock.wait(5_000);
      return { result, left, end: await contentOf(others) };
    };
    try {
      return await clock.finish(run());
    } finally {
      restore();
    }
  }

  test.each(WRITES)('$name meets its own and is told that it went well', async (write) => {
    const { result } = await played('repeats', { ...write, after: [] }, 500);
    expect(result).toBe(true);
  });

  test.each(WRITES)('$name: a repeat that comes late changes nothing that others have written', async (write) => {
    const { left, end } = await played('repeats', write, 2_000);
    expect(end).toEqual(left);
  });

  test.each(WRITES)('$name: a first try that comes late changes nothing that others have written', async (write) => {
    const { result, left, end } = await played('echoes', write, 2_000);
    expect(result).toBe(true);
    expect(end).toEqual(left);
  });
});
