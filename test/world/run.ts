import { type Acceptance, acceptBatch, type Submission } from '#lambdas/batch/accept.ts';
import { type BatchReport, readBatchStatus, type StatusRecord } from '#lambdas/batch/status/report.ts';
import { ORGANISATION, REFERENCE } from './submissions.ts';
import type { UnitWorld } from './unit-worlds.ts';

/** Runs until the batch is closed, at the latest until the time. */
export function runToEnd(
  world: UnitWorld,
  until = world.clock.now() + 2 * world.settings.batchDeadline,
  batch: { readonly organisationId: string; readonly referenceId: string } = {
    organisationId: ORGANISATION,
    referenceId: REFERENCE,
  },
): Promise<void> {
  return world.clock.runUntil(until, () => world.batches.closedAt(batch) !== null);
}

/** Accepts a submission and plays it through to its end. */
export async function runBatch(world: UnitWorld, submission: Submission): Promise<Acceptance> {
  world.start();
  const acceptance = await acceptBatch(world, submission);
  await runToEnd(world, undefined, submission);
  return acceptance;
}

/** Where the batch stands, on one page of 1,000 with balances. */
export const reportOf = (world: UnitWorld, referenceId = REFERENCE): Promise<BatchReport> =>
  readBatchStatus(world, ORGANISATION, {
    referenceId,
    filter: { statuses: new Set(), retryEligible: null, search: null },
    page: 1,
    limit: 1000,
    includeBalances: true,
  });

/** The records of the batch, in order. */
export const recordsOf = async (world: UnitWorld): Promise<readonly StatusRecord[]> => (await reportOf(world)).records;
