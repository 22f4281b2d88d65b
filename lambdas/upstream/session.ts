import type { RetryEligibility } from '../chunk/row.ts';
import { type RowError, rowError } from './failures.ts';

/** One account of a consent, as FI Request Status lists it. */
export interface LinkedAccount {
  readonly linkRefNumber: string;
  readonly fiStatus: string;
  readonly fipName: string | null;
  readonly fipId: string | null;
  readonly maskedAccountNumber: string | null;
}

/** What we read of an FI Request Status answer (docs/spec/fi-request-status.md). Times are epoch milliseconds. */
export interface FiStatus {
  readonly sessionId: string;
  /** Null where the answer doesn't tell. */
  readonly consentId: string | null;
  readonly eventStatus: string;
  readonly timestamp: number | null;
  readonly dataFetchDate: number | null;
  readonly accounts: readonly LinkedAccount[];
}

export type SessionOutcome =
  | { readonly kind: 'pending' }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'ended'; readonly eligibility: RetryEligibility; readonly error: RowError };

const isDelivered = ({ fiStatus }: LinkedAccount): boolean => fiStatus === 'DELIVERED' || fiStatus === 'READY';

const ended = (eligibility: RetryEligibility, code: string, message: string): SessionOutcome => ({
  kind: 'ended',
  eligibility,
  error: rowError(code, message),
});

/**
 * What a session's status means for its row (docs/spec/upstream.md). A status that we don't know counts as pending:
 * FinPro adds values over time, and the polling deadline ends the row if nothing known follows.
 */
export function outcomeOf({ eventStatus, accounts }: FiStatus): SessionOutcome {
  if (accounts.length > 0 && accounts.every(({ fiStatus }) => fiStatus === 'DENIED')) {
    return ended('No', 'DataDenied', 'Every account was denied; ask the customer for a new consent.');
  }
  switch (eventStatus) {
    case 'DATA_READY':
      return { kind: 'delivered' };
    case 'TIMEOUT':
      return accounts.some(isDelivered)
        ? { kind: 'delivered' }
        : ended('Yes', 'DataFetchTimeout', 'No bank delivered in time; try again later.');
    case 'DATA_DENIED':
      return ended('No', 'DataDenied', 'The data was denied; ask the customer for a new consent.');
    case 'SESSION_FAILED':
      return ended('Yes', 'SessionFailed', 'The FI session failed at the Account Aggregator; try again later.');
    case 'SESSION_EXPIRED':
      return ended('Yes', 'SessionExpired', 'The FI session expired before the data came; try again later.');
    default:
      return { kind: 'pending' };
  }
}

/** What an answer is about, or what was asked for. */
export type Subject = Readonly<Partial<Record<'sessionId' | 'consentId' | 'consentHandle', string | null>>>;

/**
 * Whether an answer names another session or consent than was asked for. Ids compare without case; what only one of the
 * two names isn't compared.
 */
export const contradicts = (answer: Subject, asked: Subject): boolean =>
  (['sessionId', 'consentId', 'consentHandle'] as const).some(
    (name) => answer[name] && asked[name] && answer[name].toLowerCase() !== asked[name].toLowerCase(),
  );

/**
 * Whether a session found by consent is the one that our FI request with the lost answer opened: not older than the
 * intent, less a tolerance for clocks, and held by no other row of the batch. A session without a time counts as ours:
 * if in doubt, adopt it (docs/spec/upstream.md, "An FI request is never repeated blindly").
 */
export function isOurSession(
  status: FiStatus,
  requestedAt: number,
  tolerance: number,
  heldByOthers: ReadonlySet<string>,
): boolean {
  if (heldByOthers.has(status.sessionId.toLowerCase())) return false;
  const times = [status.timestamp, status.dataFetchDate].filter((time) => time !== null);
  return times.length === 0 || times.some((time) => time >= requestedAt - tolerance);
}

/** What FI Balance says of one account. `currentBalance` is a decimal string, `balanceAsOf` is ISO 8601. */
export interface AccountBalance {
  readonly linkRefNumber: string;
  readonly fiType: string | null;
  readonly accountType: string | null;
  readonly currentBalance: string | null;
  readonly currency: string | null;
  readonly balanceAsOf: string | null;
}

/** One account in `account_details` of a record (docs/spec/batch-status.md, "Accounts"). */
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

/** Adds balances to accounts. An account that the balance call didn't list stays as it is. */
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
