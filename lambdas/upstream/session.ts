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

/** What the service reads of an FI Request Status answer (seeds, FI Request Status). Times are epoch milliseconds. */
export interface FiStatus {
  readonly sessionId: string;
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
 * What the status of a session means for its row (`upstream.md`, failure table). A status that is not known yet counts as pending:
 * new values appear over time, and the polling deadline ends the row if nothing known follows.
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

/**
 * Whether a session found by consent is the one that our lost FI request opened: not older than the intent, less a tolerance for
 * clocks, and held by no other row of the batch. A session without a time is taken as ours: in doubt adopt it (`upstream.md`).
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
