import { demoConsents } from '../cli/demo-consents.ts';
import type { Assembly } from '../local/template/assembly.ts';
import { runVirtualExecutions, type VirtualExecutions } from './peers/virtual-executions.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual/virtual-batch.ts';

export const ROWS = 10_000;
/** Upstream calls a minute. */
export const LIMIT = 1000;
/** A batch that no limit holds up is accepted at any point of a window, but for its first seconds. */
export const MID_WINDOW = 10_000;

export const consentsOf = (rows: number): string[] => demoConsents(rows).map(({ consentId }) => consentId);

/** One design with and without a limit of the upstream, without balances and with them. */
interface Counts<Run> {
  readonly limited: Run;
  readonly limitedWithBalances: Run;
  readonly unlimited: Run;
  readonly unlimitedWithBalances: Run;
}

/** The same 10,000 rows taken through this design and through one execution a row, on a virtual clock: the same at every run, on every machine. */
export interface Counted {
  readonly product: Counts<VirtualBatch>;
  /** With the limit, each call waits for its slot. */
  readonly peer: Counts<VirtualExecutions>;
  /** With the limit and without a limiter: what is answered 429 is tried again. */
  readonly retrying: VirtualExecutions;
}

export async function countBatches(assembly: Assembly): Promise<Counted> {
  const consents = consentsOf(ROWS);
  const batch = (balances: boolean, limit: number | null) =>
    runVirtualBatch({ assembly, batches: [consents], balances, limit, intoWindow: limit === null ? MID_WINDOW : 0 });
  const executions = (balances: boolean, limit: number | null) =>
    runVirtualExecutions(consents, { limit, pace: 'limiter', balances });
  const all = async <Run>(run: (balances: boolean, limit: number | null) => Promise<Run>): Promise<Counts<Run>> => ({
    limited: await run(false, LIMIT),
    limitedWithBalances: await run(true, LIMIT),
    unlimited: await run(false, null),
    unlimitedWithBalances: await run(true, null),
  });
  return {
    product: await all(batch),
    peer: await all(executions),
    retrying: await runVirtualExecutions(consents, { limit: LIMIT, pace: 'retries', balances: false }),
  };
}
