import type { Assembly } from '#local/template/assembly.ts';
import { runVirtualExecutions, type VirtualExecutions } from '../peers/virtual-executions.ts';
import { consentsOf, LIMIT, MID_WINDOW, ROWS } from '../subject.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual-batch.ts';

const SLOWNESS = 4;

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
  /** This design, with balances, when FinPro takes 1 s for an FI request and 0.6 s for each other call. */
  readonly slow: { readonly limited: VirtualBatch; readonly unlimited: VirtualBatch };
}

export async function countBatches(assembly: Assembly): Promise<Counted> {
  const consents = consentsOf(ROWS);
  const batch = (balances: boolean, limit: number | null, slowness = 1) => {
    // With a limit, as a window begins: on the minute, when nightly batches are sent, and when it takes the most.
    const intoWindow = limit === null ? MID_WINDOW : 0;
    return runVirtualBatch({ assembly, batches: [consents], balances, limit, intoWindow, slowness });
  };
  const executions = (balances: boolean, limit: number | null) =>
    runVirtualExecutions(consents, { limit, pace: 'limiter', balances });
  const all = async <Run>(run: (balances: boolean, limit: number | null) => Promise<Run>): Promise<Counts<Run>> => ({
    limited: await run(false, LIMIT),
    limitedWithBalances: await run(true, LIMIT),
    unlimited: await run(false, null),
    unlimitedWithBalances: await run(true, null),
  });
  return {
    product: await all((balances, limit) => batch(balances, limit)),
    peer: await all(executions),
    slow: { limited: await batch(true, LIMIT, SLOWNESS), unlimited: await batch(true, null, SLOWNESS) },
    retrying: await runVirtualExecutions(consents, { limit: LIMIT, pace: 'retries', balances: false }),
  };
}
