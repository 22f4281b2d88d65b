import { acceptBatch } from '#lambdas/batch/accept.ts';
import { parseBatchStatusQuery } from '#lambdas/batch/batch-status/handler.ts';
import { readBatchStatus } from '#lambdas/batch/status/report.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { TABLE } from '#lib/topology.ts';
import { type CallCounts, Simulation } from '#simulator/simulation.ts';
import { virtualClock } from '#test/world/clock.ts';
import type { FunctionWork } from '#test/world/containers.ts';
import { CALM } from '#test/world/disturbance.ts';
import type { FunctionName } from '#test/world/functions.ts';
import { randomOf } from '#test/world/random.ts';
import { tableStores } from '#test/world/stores.ts';
import { ORGANISATION, submissionOf } from '#test/world/submissions.ts';
import { MemoryTable, type TableUnits } from '#test/world/table/memory-table.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';
import { worldOf } from '#test/world/world.ts';
import { rowEnds } from './row-ends.ts';
import { virtualFinPro } from './upstream.ts';

/** A whole minute, as rate windows begin. */
const MINUTE = Date.UTC(2026, 10, 20, 10, 0, 0);
/** A call of DynamoDB, in virtual milliseconds. */
const TABLE_CALL = 5;
/** Milliseconds that a message is on its way, or a state machine needs for a turn: no two chunks are at the table in the same moment. */
const STEP = { least: 25, most: 75 } as const;

export interface VirtualBatchOptions {
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
export type BatchFunction = Extract<
  FunctionName,
  'schedule-batch' | 'start-chunk' | 'advance-chunk' | 'recover-batches'
>;

/** What the batches took in all. Times are virtual milliseconds. */
export interface VirtualBatch {
  readonly makespan: number;
  /** Of DynamoDB. */
  readonly units: TableUnits;
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
 * Takes batches through the world that the tests play, without faults: the deployed code and stores over a table in memory that counts units, the
 * simulator as upstream, all on a virtual clock. Nothing in it depends on how fast the machine is.
 */
export async function runVirtualBatch(options: VirtualBatchOptions): Promise<VirtualBatch> {
  const { batches, balances, limit } = options;
  const start = MINUTE + options.intoWindow;
  const settings = readSettings({ BALANCES: balances ? 'on' : 'off', UPSTREAM_LIMIT: String(limit ?? 1_000_000) });
  const clock = virtualClock(start);
  const rateLimit = limit === null ? null : { limit, windowSeconds: 60 };
  const simulation = new Simulation({ timeScale: 1, rateLimit, clock: clock.now, seed: 1 });
  const { indexName, partitionKey, sortKey } = TABLE.openBatches;
  const table = new MemoryTable(indexName, [partitionKey, sortKey]);
  const openStores = tableStores(table, CALM);
  const ends = rowEnds(clock);
  const random = randomOf(1, 'steps');
  const step = (): number => random.int(STEP.least, STEP.most);
  const world = worldOf({
    clock,
    finPro: virtualFinPro(simulation, clock, options.slowness),
    openStores: (call, own) => {
      const stores = openStores(call, own, settings);
      return { ...stores, chunks: ends.watch(stores.chunks, settings.chunkRows) };
    },
    settingsOf: () => settings,
    telemetry: memoryTelemetry(),
    disturbance: {
      callTime: ({ name }) => (name.startsWith('dynamodb.') ? TABLE_CALL : 0),
      deliveries: () => [step()],
      turnTime: step,
    },
  });

  world.start();
  let isAccepted = false;
  let acceptance = 0;
  const accept = async (rows: readonly string[], batch: number): Promise<void> => {
    const { call } = world.network.worker(`schedule-batch ${batch}`);
    await acceptBatch(world.portsOf(call), submissionOf(rows, { referenceId: referenceOf(batch) }));
    acceptance += Math.ceil(clock.now() - start);
  };
  const accepted = Promise.all(batches.map(accept)).then(() => {
    isAccepted = true;
  });
  await clock.runUntil(
    start + settings.batchDeadline,
    () => isAccepted && world.chunkQueue.waiting === 0 && world.workflow.running === 0,
  );
  await accepted;
  const rows = batches.flat().length;
  if (ends.count !== rows) throw new Error(`${ends.count} of ${rows} rows have ended`);

  const { units } = table;
  const { transitions } = world.workflow;
  const { workOf } = world.containers;
  const page = parseBatchStatusQuery({ reference_id: referenceOf(0), page: 1, limit: 100 });
  await readBatchStatus(world.portsOf(), ORGANISATION, page);
  const delayOf = (consentId: string, endedAt: number | undefined): number[] => {
    const session = simulation.consents.latestSession(consentId, ORGANISATION);
    return session && endedAt !== undefined ? [endedAt - simulation.view(session, clock.now()).changedAt] : [];
  };
  return {
    makespan: ends.last - start,
    units,
    transitions,
    functions: {
      'schedule-batch': { invocations: batches.length, milliseconds: acceptance, mostAtOnce: batches.length },
      'start-chunk': workOf('start-chunk'),
      'advance-chunk': workOf('advance-chunk'),
      'recover-batches': workOf('recover-batches'),
    },
    messages: { sends: world.chunkQueue.sends, deliveries: workOf('start-chunk').invocations },
    statusPageUnits: table.units.read - units.read,
    upstream: { ...simulation.counts, windowsOverLimit: simulation.windows.overLimit.length },
    delays: batches
      .flatMap((consents, batch) =>
        consents.flatMap((consentId, row) => delayOf(consentId, ends.of(referenceOf(batch), row))),
      )
      .toSorted((a, b) => a - b),
  };
}
