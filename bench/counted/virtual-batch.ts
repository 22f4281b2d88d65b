import { acceptBatch } from '#lambdas/batch/accept.ts';
import { parseBatchStatusQuery } from '#lambdas/batch/batch-status/handler.ts';
import { readBatchStatus } from '#lambdas/batch/status/report.ts';
import { dynamoDbBatches, dynamoDbOpenBatches } from '#lambdas/batch/store.dynamodb.ts';
import { advanceChunk } from '#lambdas/chunk/advance.ts';
import { recoverBatches } from '#lambdas/chunk/recover.ts';
import { dynamoDbChunks } from '#lambdas/chunk/store.dynamodb.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import type { MeterReading } from '#local/meter.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { type CallCounts, Simulation } from '#simulator/simulation.ts';
import { memoryTelemetry } from '#test/world/memory-telemetry.ts';
import { sequentialIds } from '#test/world/sequential-ids.ts';
import { ORGANISATION, submissionOf } from '#test/world/submissions.ts';
import { virtualClock } from '#test/world/virtual-clock.ts';
import { type FunctionWork, WatchedFunction } from './function-work.ts';
import { inTurn } from './in-turn.ts';
import { virtualMachine } from './machine.ts';
import { openMeteredTable } from './metered-table.ts';
import { rowEnds } from './row-ends.ts';
import { virtualFinPro } from './upstream.ts';

/** A whole minute, as rate windows begin. */
const MINUTE = Date.UTC(2026, 10, 20, 10, 0, 0);
/** A call of DynamoDB, in virtual milliseconds. */
const TABLE_CALL = 5;
const FUNCTION_TIME = 60_000;
const RECOVERY_INTERVAL = 60_000;
export const CONSUMERS = 20;

export interface VirtualBatchOptions {
  readonly assembly: Assembly;
  /** The consents of each batch. The batches are accepted at once, all of one organisation. */
  readonly batches: readonly (readonly string[])[];
  readonly balances: boolean;
  /** Upstream calls a minute; null for no limit. */
  readonly limit: number | null;
  /** How far into a rate window the batch is accepted, in milliseconds. */
  readonly intoWindow: number;
  /** How many times as long FinPro takes for a call as is assumed; 1 unless given. */
  readonly slowness?: number;
}

/** The functions that a batch is worked on by. */
export type BatchFunction = 'schedule-batch' | 'start-chunk' | 'advance-chunk' | 'recover-batches';

/** What the batches took in all. Times are virtual milliseconds. */
export interface VirtualBatch {
  readonly makespan: number;
  /** Of DynamoDB. */
  readonly units: MeterReading['units'];
  readonly transitions: number;
  readonly functions: Readonly<Record<BatchFunction, FunctionWork>>;
  /** Calls of SQS that sent messages, and messages delivered. */
  readonly messages: { readonly sends: number; readonly deliveries: number };
  /** Read units of an unfiltered status page of 100 records of the first batch, when all was over. */
  readonly statusPageUnits: number;
  readonly upstream: CallCounts & { readonly windowsOverLimit: number };
  /** From the upstream having a row's data to the row being stored as COMPLETED or FAILED, each row's, shortest first. */
  readonly delays: readonly number[];
}

const referenceOf = (batch: number): string => `batch-${batch}`;

/**
 * Takes batches through the product's own core and table adapters on a virtual clock: acceptance, queue, consumer, state machine, recovery, the
 * simulator as upstream, and the local cloud's meter on every call of the table. Nothing in it depends on how fast the machine is.
 */
export async function runVirtualBatch(options: VirtualBatchOptions): Promise<VirtualBatch> {
  const { assembly, batches: submitted, balances, limit } = options;
  const consents = submitted.flat();
  const start = MINUTE + options.intoWindow;
  const settings = readSettings({ BALANCES: balances ? 'on' : 'off', UPSTREAM_LIMIT: String(limit ?? 1_000_000) });
  const clock = virtualClock(start);
  const turns = inTurn(clock);
  const table = await openMeteredTable(assembly);
  const rateLimit = limit === null ? null : { limit, windowSeconds: 60 };
  const simulation = new Simulation({ timeScale: 1, rateLimit, clock: clock.now, seed: 1 });
  const ends = rowEnds(clock);
  const batches = dynamoDbBatches(table);
  const chunks = dynamoDbChunks(table, clock, settings);
  const scheduleBatch = new WatchedFunction(clock);
  const recovery = new WatchedFunction(clock);
  const shared = {
    batches: turns.of(batches, TABLE_CALL),
    openBatches: turns.of(dynamoDbOpenBatches(table, 'open-batches'), TABLE_CALL),
    chunks: turns.of(ends.watch(chunks, settings.chunkRows), TABLE_CALL),
    ledgers: turns.of(dynamoDbLedgers(table, table, settings), TABLE_CALL),
    finPro: virtualFinPro(simulation, clock, options.slowness),
    reports: { write: async () => {} },
    telemetry: memoryTelemetry(),
    ids: sequentialIds(),
    clock,
    settings,
  };
  const delayOf = (consentId: string, endedAt: number | undefined): number[] => {
    const session = simulation.consents.latestSession(consentId, ORGANISATION);
    return session && endedAt !== undefined ? [endedAt - simulation.view(session, clock.now()).changedAt] : [];
  };
  const limits = () => {
    const functionEndsAt = clock.now() + FUNCTION_TIME;
    return { functionEndsAt, callsEndAt: functionEndsAt - settings.callsEnd };
  };
  const machine = virtualMachine({
    clock,
    waitStep: settings.waitStep,
    consumers: CONSUMERS,
    consume: async (task) => {
      const advance = await advanceChunk(shared, task, {
        ...limits(),
        callsEndAt: clock.now() + settings.consumerCalls,
      });
      if (!advance.done) await machine.loop.start(task, advance.resumeAt);
    },
    advance: (task) => advanceChunk(shared, task, limits()),
  });
  const ports = { ...shared, queue: machine.queue };
  let isOver = false;
  const recover = async (): Promise<void> => {
    while (!isOver) {
      await clock.wait(RECOVERY_INTERVAL);
      await recovery.during(() => recoverBatches(ports));
    }
  };
  try {
    let isAccepted = false;
    const accept = (rows: readonly string[], batch: number) =>
      scheduleBatch.during(() => acceptBatch(ports, submissionOf(rows, { referenceId: referenceOf(batch) })));
    const accepted = Promise.all(submitted.map(accept)).then(() => {
      isAccepted = true;
    });
    void recover();
    await clock.runUntil(start + settings.batchDeadline, async () => {
      await turns.idle();
      isOver = isAccepted && machine.isIdle;
      return isOver;
    });
    await accepted;
    if (ends.count !== consents.length) throw new Error(`${ends.count} of ${consents.length} rows have ended`);
    const { counts, windows } = simulation;
    const { units } = table.meter.read();
    const page = parseBatchStatusQuery({ reference_id: referenceOf(0), page: 1, limit: 100 });
    await readBatchStatus({ batches, chunks, clock }, ORGANISATION, page);
    return {
      makespan: ends.last - start,
      units,
      transitions: machine.transitions,
      functions: {
        'schedule-batch': scheduleBatch,
        'start-chunk': machine.work.startChunk,
        'advance-chunk': machine.work.advanceChunk,
        'recover-batches': recovery,
      },
      messages: { sends: machine.sends, deliveries: machine.deliveries },
      statusPageUnits: table.meter.read().units['dynamodb.readUnit'] - units['dynamodb.readUnit'],
      upstream: { ...counts, windowsOverLimit: windows.windowsOverLimit },
      delays: submitted
        .flatMap((rows, batch) =>
          rows.flatMap((consentId, row) => delayOf(consentId, ends.of(referenceOf(batch), row))),
        )
        .toSorted((a, b) => a - b),
    };
  } finally {
    await table.close();
  }
}
