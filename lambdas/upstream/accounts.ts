import type { LinkedAccount } from './session.ts';

/** What FI Balance says of one account. `balance` is a decimal string; `asOf` is ISO 8601. */
export interface AccountBalance {
  readonly linkRefNumber: string;
  readonly fiType: string | null;
  readonly accountType: string | null;
  readonly currentBalance: string | null;
  readonly currency: string | null;
  readonly balanceAsOf: string | null;
}

/** One object an account in `account_details` of a record (`upstream.md`, "account_details"). */
export interface AccountDetails {
  readonly link_reference_number: string;
  readonly masked_account_number: string | null;
  readonly fip_id: string | null;
  readonly fip_name: string | null;
  readonly fi_status: string;
  readonly fi_type?: string;
  readonly account_type?: string;
  readonly current_balance?: string;
  readonly currency?: string;
  readonly balance_as_of?: string;
}

/** The accounts of a session, without balances. */
export const accountDetails = (accounts: readonly LinkedAccount[]): AccountDetails[] =>
  accounts.map((account) => ({
    link_reference_number: account.linkRefNumber,
    masked_account_number: account.maskedAccountNumber,
    fip_id: account.fipId,
    fip_name: account.fipName,
    fi_status: account.fiStatus,
  }));

/** The same accounts with what the balance call had of each; an account it did not list stays as it is. */
export function withBalances(
  details: readonly AccountDetails[],
  balances: readonly AccountBalance[],
): AccountDetails[] {
  const byLink = new Map(balances.map((balance) => [balance.linkRefNumber.toLowerCase(), balance]));
  return details.map((account) => {
    const balance = byLink.get(account.link_reference_number.toLowerCase());
    if (!balance) return account;
    return {
      ...account,
      ...(balance.fiType === null ? {} : { fi_type: balance.fiType }),
      ...(balance.accountType === null ? {} : { account_type: balance.accountType }),
      ...(balance.currentBalance === null ? {} : { current_balance: balance.currentBalance }),
      ...(balance.currency === null ? {} : { currency: balance.currency }),
      ...(balance.balanceAsOf === null ? {} : { balance_as_of: balance.balanceAsOf }),
    };
  });
}
