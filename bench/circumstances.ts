import { LIMIT } from './subject.ts';

/** One execution per row takes a limiter where there is a limit; without one it needs none. */
const WITH_LIMITER = 'one execution a row, with a limiter';
const ONE_A_ROW = 'one execution a row';

/**
 * The four circumstances that a batch is counted in. `calls` are those that a row can't do without: FI request, poll, balances. Names of figures end
 * with `label` or `short`, and `peer` is what the other design is called there.
 */
export const CIRCUMSTANCES = {
  limited: { limit: LIMIT, calls: 2, label: '1,000 calls a minute', short: '1,000 a minute', peer: WITH_LIMITER },
  limitedWithBalances: {
    limit: LIMIT,
    calls: 3,
    label: '1,000 calls a minute, with balances',
    short: '1,000 a minute, with balances',
    peer: WITH_LIMITER,
  },
  unlimited: { limit: null, calls: 2, label: 'no limit', short: 'no limit', peer: ONE_A_ROW },
  unlimitedWithBalances: {
    limit: null,
    calls: 3,
    label: 'no limit, with balances',
    short: 'no limit, with balances',
    peer: ONE_A_ROW,
  },
} as const;

export type Circumstance = keyof typeof CIRCUMSTANCES;

export const EACH = ['limited', 'limitedWithBalances', 'unlimited', 'unlimitedWithBalances'] as const;
