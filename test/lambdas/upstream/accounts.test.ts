import { describe, expect, test } from 'vitest';
import { type AccountBalance, accountDetails, withBalances } from '#lambdas/upstream/session.ts';
import { account } from '#test/world/consent-behaviour.ts';

const known = accountDetails([account(1), account(2, 'TIMEOUT')]);
const link = account(1).linkRefNumber;
const balance = (change: Partial<AccountBalance> = {}): AccountBalance => ({
  linkRefNumber: link,
  fiType: 'DEPOSIT',
  accountType: 'SAVINGS',
  currentBalance: '1024.50',
  currency: 'INR',
  balanceAsOf: '2026-11-20T00:00:00.000Z',
  ...change,
});

describe('account details', () => {
  test('have what the status answer says, each account its own status', () => {
    expect(known.map(({ fi_status }) => fi_status)).toEqual(['DELIVERED', 'TIMEOUT']);
    expect(Object.keys(known[0] ?? {})).toEqual([
      'link_reference_number',
      'masked_account_number',
      'fip_id',
      'fip_name',
      'fi_status',
    ]);
  });

  test('have the balance as the text it came as', () => {
    expect(withBalances(known, [balance({ currentBalance: '0.10' })])[0]).toMatchObject({
      current_balance: '0.10',
      currency: 'INR',
      balance_as_of: '2026-11-20T00:00:00.000Z',
      fi_type: 'DEPOSIT',
      account_type: 'SAVINGS',
    });
  });

  test.each<[string, readonly AccountBalance[], number]>([
    ['an account that the balance call does not list stays as it is', [balance()], 1],
    ['accounts that nobody asked about are passed over', [balance({ linkRefNumber: 'other' })], 0],
    ['nothing is added where there is nothing', [], 0],
  ])('%s', (_, balances, enriched) => {
    const details = withBalances(known, balances);
    expect(details.filter((each) => each.current_balance !== undefined)).toHaveLength(enriched);
    expect(details[1]).toEqual(known[1]);
  });

  test('leave out what the balance call does not say', () => {
    const [details] = withBalances(known, [balance({ currency: null, balanceAsOf: null })]);
    expect(details).not.toHaveProperty('currency');
    expect(details).not.toHaveProperty('balance_as_of');
  });

  test('know an account in capitals again', () => {
    expect(withBalances(known, [balance({ linkRefNumber: link.toUpperCase() })])[0]).toHaveProperty('current_balance');
  });
});
