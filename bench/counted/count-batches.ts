import { CIRCUMSTANCES, type Circumstance } from '../circumstances.ts';
import { consentsOf, MID_WINDOW, ROWS } from '../subject.ts';
import { type RowExecutions, runRowExecutions } from './row-executions.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual-batch.ts';

const SLOWNESS = 4;

/** The same 10,000 rows taken through this design and through one execution per row on a virtual clock: the same in every run, on every machine. */
export interface Counted extends Readonly<Record<Circumstance, Pair>> {
  /** This design, with balances, when FinPro takes 1 s for an FI request and 0.6 s for any other call. */
  readonly slow: { readonly limitedWithBalances: VirtualBatch; readonly unlimitedWithBalances: VirtualBatch };
}

interface Pair {
  readonly product: VirtualBatch;
  readonly peer: RowExecutions;
}

export async function countBatches(): Promise<Counted> {
  const consents = consentsOf(ROWS);
  const batch = (of: Circumstance, slowness = 1): Promise<VirtualBatch> => {
    const { limit, calls } = CIRCUMSTANCES[of];
    // With a limit, as a window begins: nightly batches are sent on the minute, and it takes the most.
    const intoWindow = limit === null ? MID_WINDOW : 0;
    return runVirtualBatch({ batches: [consents], balances: calls === 3, limit, intoWindow, slowness });
  };
  const both = async (of: Circumstance): Promise<Pair> => {
    const { limit, calls } = CIRCUMSTANCES[of];
    return { product: await batch(of), peer: await runRowExecutions(consents, { limit, balances: calls === 3 }) };
  };
  return {
    limited: await both('limited'),
    limitedWithBalances: await both('limitedWithBalances'),
    unlimited: await both('unlimited'),
    unlimitedWithBalances: await both('unlimitedWithBalances'),
    slow: {
      limitedWithBalances: await batch('limitedWithBalances', SLOWNESS),
      unlimitedWithBalances: await batch('unlimitedWithBalances', SLOWNESS),
    },
  };
}
