import type { AccountBalance } from './accounts.ts';
import type { UpstreamFailure } from './failures.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';
import type { FiStatus } from './session.ts';

export type UpstreamAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly rate: RateLimitHeaders }
  | { readonly ok: false; readonly failure: UpstreamFailure; readonly rate: RateLimitHeaders };

export interface FiRequest {
  readonly consentId: string;
  readonly fiDataRangeFrom: string | null;
  readonly fiDataRangeTo: string | null;
  readonly configId: string | null;
}

/** FinPro's calls for one organisation. None of them throws: every way a call can end is an answer. */
export interface FinPro {
  requestFi(organisationId: string, request: FiRequest): Promise<UpstreamAnswer<{ readonly sessionId: string }>>;
  fiStatus(
    organisationId: string,
    of: { readonly sessionId: string } | { readonly consentId: string },
  ): Promise<UpstreamAnswer<FiStatus>>;
  fiBalance(organisationId: string, consentId: string): Promise<UpstreamAnswer<readonly AccountBalance[]>>;
}

/** What an FI request is looked up by; at least one is given. */
export interface FiStatusQuery {
  readonly consentId?: string;
  readonly consentHandle?: string;
  readonly sessionId?: string;
}

/** FinPro's answer to a look-up as it is (seeds, FI Request Status): what is not read here is passed on. */
export interface FiStatusDocument {
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** FinPro's status of an FI request, asked for a client. Never throws, as `FinPro`. */
export interface FiStatusDocuments {
  statusDocument(organisationId: string, by: FiStatusQuery): Promise<UpstreamAnswer<FiStatusDocument>>;
}
