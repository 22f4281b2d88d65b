import type { Assembly } from '#local/template/assembly.ts';
import { consentsOf, LIMIT, MID_WINDOW, ROWS } from '../subject.ts';
import { type RowExecutions, runRowExecutions } from './row-executions.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual-batch.ts';

const SLOWNESS = 4;

/** The four circumstances that everything is counted in: with FinPro's limit and without, without balances and with them. */
export interface Circumstances<Run> {
  readonly limited: Run;
  readonly limitedWithBalances: Run;
  readonly unlimited: Run;
  readonly unlimitedWithBalances: Run;
}

export type Circumstance = keyof Circumstances<unknown>;

/** The same 10,000 rows taken through this design and through one execution per row on a virtual clock: the same in every run, on every machine. */
export interface Counted {
  readonly product: Circumstances<VirtualBatch>;
  readonly peer: Circumstances<RowExecutions>;
  /** This design, with balances, when FinPro takes 1 s for an FI request and 0.6 s for any other call. */
  readonly slow: { readonly limited: VirtualBatch; readonly unlimited: VirtualBatch };
}

export async function countBatches(assembly: Assembly): Promise<Counted> {
  const consents = consentsOf(ROWS);
  const batch = (limit: number | null, balances: boolean, slowness = 1) => {
    // With a limit, as a window begins: nightly batches are sent on the minute, and it takes the most.
    const intoWindow = limit === null ? MID_WINDOW : 0;
    return runVirtualBatch({ assembly, batches: [consents], balances, limit, intoWindow, slowness });
  };
  return {
    product: await inAll(batch),
    peer: await inAll((limit, balances) => runRowExecutions(consents, { limit, balances })),
    slow: { limited: await batch(LIMIT, true, SLOWNESS), unlimited: await batch(null, true, SLOWNESS) },
  };
}

const inAll = async <Run>(
  run: (limit: number | null, balances: boolean) => Promise<Run>,
): Promise<Circumstances<Run>> => ({
  limited: await run(LIMIT, false),
  limitedWithBalances: await run(LIMIT, true),
  unlimited: await run(null, false),
  unlimitedWithBalances: await run(null, true),
});
