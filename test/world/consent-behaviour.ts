import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import type { LinkedAccount } from '#lambdas/upstream/session.ts';

/** What becomes of one FI request that reaches the upstream. */
export type RequestStep =
  | { readonly kind: 'opens' }
  /** A session is opened, and the answer is lost on the way. */
  | { readonly kind: 'opens-unheard' }
  /** Somebody else has opened a session, so long ago in milliseconds, and no second one is opened beside it. */
  | { readonly kind: 'already-running'; readonly for: number }
  /** Nothing is opened. */
  | { readonly kind: 'fails'; readonly failure: UpstreamFailure };

export interface SessionEnd {
  /** Milliseconds after the FI request; until then the session is PENDING. `Infinity`: for ever. */
  readonly after: number;
  readonly eventStatus: string;
  readonly accounts: readonly LinkedAccount[];
}

/** What a consent does. Calls that the upstream refuses as a whole (429, 401 …) do not count here. */
export interface ConsentBehaviour {
  /** By the number of the FI request; the last goes on for ever. */
  readonly requests: readonly [RequestStep, ...RequestStep[]];
  readonly session: SessionEnd;
  /** How status calls fail, by their number, whether by session or by consent; null, and those after the list: not at all. */
  readonly statusFailures: readonly (UpstreamFailure | null)[];
  readonly balanceFailures: readonly (UpstreamFailure | null)[];
}

export const OPENS: RequestStep = { kind: 'opens' };
export const OPENS_UNHEARD: RequestStep = { kind: 'opens-unheard' };
export const fails = (failure: UpstreamFailure): RequestStep => ({ kind: 'fails', failure });

/** FinPro's own error. */
export const answered = (
  status: number,
  code: string | null,
  message = `This is ${code ?? status}.`,
): UpstreamFailure => ({
  sent: 'answered',
  status,
  code,
  message,
});

export const UNREACHABLE: UpstreamFailure = { sent: 'no', message: 'FinPro could not be reached (ECONNREFUSED).' };
export const LOST: UpstreamFailure = {
  sent: 'maybe',
  timedOut: false,
  message: 'The answer of FinPro was lost (ECONNRESET).',
};
export const UNAUTHORIZED = answered(401, 'Unauthorized');
export const TOO_MANY = answered(429, 'TooManyRequests');

export const account = (number: number, fiStatus = 'DELIVERED'): LinkedAccount => ({
  linkRefNumber: `${String(number).padStart(8, '0')}-0000-4000-8000-00000000acc0`,
  fiStatus,
  fipName: 'FinShareBankServer',
  fipId: 'finsharebank',
  maskedAccountNumber: `XXXXXXXX${String(number).padStart(4, '0')}`,
});

export const readyAfter = (seconds: number, accounts: readonly LinkedAccount[] = [account(1)]): SessionEnd => ({
  after: seconds * 1000,
  eventStatus: 'DATA_READY',
  accounts,
});

/** A session that ends otherwise than well. */
export const endsAs = (eventStatus: string, accounts: readonly LinkedAccount[] = [], seconds = 4): SessionEnd => ({
  after: seconds * 1000,
  eventStatus,
  accounts,
});

export const NEVER_READY: SessionEnd = { after: Number.POSITIVE_INFINITY, eventStatus: 'DATA_READY', accounts: [] };

/** A consent without any trouble: ready 4 s after its FI request. */
export const READY: ConsentBehaviour = {
  requests: [OPENS],
  session: readyAfter(4),
  statusFailures: [],
  balanceFailures: [],
};
