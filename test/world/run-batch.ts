import { type Acceptance, acceptBatch, type Submission } from '#lambdas/batch/accept.ts';
import { type BatchReport, readBatchStatus, type StatusRecord } from '#lambdas/batch/status/report.ts';
import { type AdvanceLimits, advanceChunk } from '#lambdas/chunk/advance.ts';
import type { ChunkTask, NextStep } from '#lambdas/chunk/chunk.ts';
import { recoverBatches } from '#lambdas/chunk/recover.ts';
import type { Clock } from '#lambdas/platform/system.ts';
import { crashable, type FaultPlan } from './crashable-ports.ts';
import { ORGANISATION, REFERENCE } from './submissions.ts';
import type { World } from './world.ts';

/** Times of the functions, in milliseconds. */
const START_CHUNK = 60_000;
const ADVANCE_CHUNK = 60_000;
const RECOVERY = 60_000;
const RECOVERY_INTERVAL = 60_000;

const UNTOUCHED: FaultPlan = () => 'none';

/** What an invocation is given: the world, on a clock of its own. */
type InvocationPorts = Omit<World, 'clock'> & { readonly clock: Clock };

export interface PipelineOptions {
  /** What strikes the functions' calls. */
  readonly fate?: FaultPlan;
  /** How far the next invocation's clock is from the true one, in milliseconds; clocks agree within 2 s. */
  readonly clockOffset?: () => number;
}

/** Wires the world as the deployed product is: queue to start-chunk, loop to advance-chunk, recovery every minute. */
export function connectPipeline(world: World, { fate = UNTOUCHED, clockOffset = () => 0 }: PipelineOptions = {}): void {
  const { clock, settings, queue, loop } = world;

  /** One invocation of a function: over when it returns, throws, dies or has used up its time. */
  const invoke = async <T>(
    lifetime: number,
    run: (ports: InvocationPorts, limits: AdvanceLimits) => Promise<T>,
  ): Promise<T> => {
    const offset = clockOffset();
    const own: Clock = { now: () => clock.now() + offset };
    const life = crashable<InvocationPorts>({ ...world, clock: own }, fate);
    const timeout = clock.timer(lifetime);
    void timeout.done.then(life.kill);
    const functionEndsAt = own.now() + lifetime;
    const limits: AdvanceLimits = { functionEndsAt, callsEndAt: functionEndsAt - settings.callsEnd };
    try {
      return await Promise.race([run(life.ports, limits), life.death]);
    } finally {
      timeout.cancel();
    }
  };

  queue.consumer = (task: ChunkTask): Promise<void> =>
    invoke(START_CHUNK, async (ports, limits) => {
      const callsEndAt = Math.min(limits.callsEndAt, ports.clock.now() + settings.consumerCalls);
      const advance = await advanceChunk(ports, task, { ...limits, callsEndAt });
      if (!advance.done) await ports.loop.start(task, advance.resumeAt);
    });
  loop.advance = (task: ChunkTask): Promise<NextStep> =>
    invoke(ADVANCE_CHUNK, (ports, limits) => advanceChunk(ports, task, limits));

  const recoverEveryMinute = async (): Promise<void> => {
    for (;;) {
      await clock.wait(RECOVERY_INTERVAL);
      await invoke(RECOVERY, (ports) => recoverBatches(ports)).catch(() => {});
    }
  };
  void recoverEveryMinute();
}

/** Runs until the batch is closed, at the latest until the time. */
export function runToEnd(
  world: World,
  until = world.clock.now() + 2 * world.settings.batchDeadline,
  batch: { readonly organisationId: string; readonly referenceId: string } = {
    organisationId: ORGANISATION,
    referenceId: REFERENCE,
  },
): Promise<void> {
  return world.clock.runUntil(until, () => world.batches.closedAt(batch) !== null);
}

/** Accepts a submission and plays it through to its end. */
export async function runBatch(
  world: World,
  submission: Submission,
  options: PipelineOptions = {},
): Promise<Acceptance> {
  connectPipeline(world, options);
  const acceptance = await acceptBatch(world, submission);
  await runToEnd(world, undefined, submission);
  return acceptance;
}

/** Where the batch stands, on one page of 1,000 with balances. */
export const reportOf = (world: World, referenceId = REFERENCE): Promise<BatchReport> =>
  readBatchStatus(world, ORGANISATION, {
    referenceId,
    filter: { statuses: new Set(), retryEligible: null, search: null },
    page: 1,
    limit: 1000,
    includeBalances: true,
  });

/** The records of the batch, in order. */
export const recordsOf = async (world: World): Promise<readonly StatusRecord[]> => (await reportOf(world)).records;
