import type { LinkedAccount } from '#lambdas/upstream/session.ts';
import { balanceOf } from './log-lines.ts';
import type { PlannedRow } from './plan.ts';
import type { AccountShown, StatusRecord } from './status-answer.ts';

/** Whether balances have to be there, must not be, or may be. */
export type BalancesDue = 'all' | 'none' | 'any';

const BALANCE_FIELDS = ['fi_type', 'account_type', 'current_balance', 'currency', 'balance_as_of'] as const;

/**
 * What a completed row shows of its session's accounts, by its consent's script: those accounts, each with its own balance (docs/spec/batch-status.md,
 * "Accounts"). A row that isn't completed shows none.
 * @returns what is wrong, or null
 */
export function faultOfAccounts(
  { status, account_details: accounts = [] }: StatusRecord,
  { script }: PlannedRow,
  due: BalancesDue,
): string | null {
  const expected = status === 'COMPLETED' ? (script?.behaviour.session.accounts ?? []) : [];
  if (accounts.length !== expected.length) return `it shows ${accounts.length} accounts of ${expected.length}`;
  const faults = accounts.map((account, index) => faultOf(account, expected[index], due));
  return faults.find((fault) => fault !== null) ?? null;
}

function faultOf(account: AccountShown, expected: LinkedAccount | undefined, due: BalancesDue): string | null {
  const isTheSame =
    expected !== undefined &&
    account.link_reference_number === expected.linkRefNumber &&
    account.masked_account_number === expected.maskedAccountNumber &&
    account.fip_id === expected.fipId &&
    account.fip_name === expected.fipName &&
    account.fi_status === expected.fiStatus;
  if (!isTheSame) return `account ${account.link_reference_number} is not the one that its session has`;
  const known = BALANCE_FIELDS.filter((field) => account[field] !== undefined);
  if (known.length === 0) {
    return due === 'all' ? `account ${account.link_reference_number} has no balance, and FinPro gave one` : null;
  }
  if (due === 'none') return `account ${account.link_reference_number} has a balance, and none was asked for`;
  const isWhole = known.length === BALANCE_FIELDS.length;
  return isWhole && account.current_balance === balanceOf(account.link_reference_number)
    ? null
    : `account ${account.link_reference_number} has the balance ${account.current_balance}`;
}
