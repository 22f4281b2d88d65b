import { NO_PARAMETERS, withDefaults } from '#lambdas/batch/submission.ts';
import type { FinPro } from '#lambdas/upstream/finpro.ts';
import type { Mutant } from '../../world/containers.ts';
import { withChunks, withFinPro, withInputRows, withoutLedgerChanges, withSavedState } from './ports.ts';

/** FI requests without the range that was asked for. */
const sendsNoRange = (): Mutant =>
  withFinPro((finPro) => ({
    requestFi: (organisationId, request) =>
      finPro.requestFi(organisationId, { ...request, fiDataRangeFrom: null, fiDataRangeTo: null }),
  }));

/** FI requests without the config that was asked for. */
const sendsNoConfig = (): Mutant =>
  withFinPro((finPro) => ({
    requestFi: (organisationId, request) => finPro.requestFi(organisationId, { ...request, configId: null }),
  }));

/** What a row says for itself counts for nothing. */
const ignoresOwnParameters = (): Mutant => withInputRows((row) => ({ ...row, ...NO_PARAMETERS }));

/** What is given for the whole batch wins over what a row says for itself. */
const defaultsWin = (): Mutant => withInputRows((row, { defaults }) => ({ ...row, ...withDefaults(defaults, row) }));

/** An FI request that was refused for good is taken for one that was not processed, and sent again. */
const repeatsRefused = (): Mutant =>
  withFinPro((finPro) => ({
    requestFi: async (...asked: Parameters<FinPro['requestFi']>) => {
      const got = await finPro.requestFi(...asked);
      const isRefused = !got.ok && got.failure.sent === 'answered' && got.failure.code === 'ConsentRevoked';
      return isRefused ? { ...got, failure: { sent: 'no', message: 'It was not processed.' } } : got;
    },
  }));

/** Rows with the same consent are sent at once, not one after the other. */
const sendsTwinsAtOnce = (): Mutant => withInputRows((row) => ({ ...row, previous: null }));

/** Nothing that FinPro says opens the circuit. */
const circuitNeverOpens = (): Mutant => withoutLedgerChanges('open-circuit', 'extend-circuit');

/** What the rate limit's headers say is not looked at. */
const learnsNothing = (): Mutant => withoutLedgerChanges('tell-end', 'tell-limit', 'lower-limit', 'count-others');

/** An answer of 429 stops nobody. */
const ignoresTooMany = (): Mutant => withoutLedgerChanges('block');

/** A lease ends with its function, and not 30 s after: a call under way then has had no time to arrive. */
const leaseWithoutMargin = (): Mutant =>
  withSavedState((state) => ({
    ...state,
    leasedUntil: state.leasedUntil === null ? null : state.leasedUntil - 30_000,
  }));

/** Sessions are polled ten seconds before their time. */
const pollsTooEarly = (): Mutant =>
  withSavedState((state) => ({
    ...state,
    rows: state.rows.map((row) => (row.phase === 'polling' ? { ...row, lastAskedAt: row.lastAskedAt - 10_000 } : row)),
  }));

/** Polling ends two minutes before its deadline. */
const endsPollingEarly = (): Mutant =>
  withSavedState((state) => ({
    ...state,
    rows: state.rows.map((row) =>
      row.phase === 'polling' && row.requestedAt > state.acceptedAt
        ? { ...row, requestedAt: Math.max(state.acceptedAt, row.requestedAt - 120_000) }
        : row,
    ),
  }));

/** Recovery takes a batch for one of the day before, and gives up what is open. */
const givesUpTooSoon = (): Mutant =>
  withChunks(({ chunks }) => ({
    states: async (of) =>
      (await chunks.states(of)).map((state) => ({ ...state, acceptedAt: state.acceptedAt - 86_400_000 })),
  }));

/** Accounts are never stored. */
const storesNoAccounts = (): Mutant => withChunks(() => ({ saveAccounts: async () => {} }));

/** A row's accounts are stored under the row after it. */
const mixesUpAccounts = (): Mutant =>
  withChunks(({ chunks }) => ({
    saveAccounts: (key, version, accounts) => {
      const all = [...accounts.values()];
      const moved = [...accounts.keys()].map((row, index) => [row, all[(index + 1) % all.length] ?? []] as const);
      return chunks.saveAccounts(key, version, new Map(moved));
    },
  }));

/** An account gets the balance of the consent's other one. */
const mixesUpBalances = (): Mutant =>
  withFinPro((finPro) => ({
    fiBalance: async (...asked: Parameters<FinPro['fiBalance']>) => {
      const got = await finPro.fiBalance(...asked);
      if (!got.ok) return got;
      const others = got.value.toReversed();
      return {
        ...got,
        value: got.value.map((balance, index) => ({
          ...balance,
          currentBalance: others[index]?.currentBalance ?? null,
        })),
      };
    },
  }));

/** Balances come in and are not kept. */
const keepsNoBalances = (): Mutant =>
  withFinPro((finPro) => ({
    fiBalance: async (...asked: Parameters<FinPro['fiBalance']>) => {
      const got = await finPro.fiBalance(...asked);
      return got.ok ? { ...got, value: [] } : got;
    },
  }));

/** Mistakes in what is sent to FinPro, and in what becomes of its answers. */
export const CALL_MUTANTS = {
  'sends-no-range': sendsNoRange,
  'sends-no-config': sendsNoConfig,
  'ignores-own-parameters': ignoresOwnParameters,
  'defaults-win': defaultsWin,
  'repeats-refused': repeatsRefused,
  'sends-twins-at-once': sendsTwinsAtOnce,
  'circuit-never-opens': circuitNeverOpens,
  'learns-nothing': learnsNothing,
  'ignores-too-many': ignoresTooMany,
  'lease-without-margin': leaseWithoutMargin,
  'polls-too-early': pollsTooEarly,
  'ends-polling-early': endsPollingEarly,
  'gives-up-too-soon': givesUpTooSoon,
  'stores-no-accounts': storesNoAccounts,
  'mixes-up-accounts': mixesUpAccounts,
  'mixes-up-balances': mixesUpBalances,
  'keeps-no-balances': keepsNoBalances,
} as const satisfies Record<string, () => Mutant>;
