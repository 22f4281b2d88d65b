import type { AccountBalance } from './accounts.ts';
import type { UpstreamFailure } from './failures.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';
import type { FiStatus } from './session.ts';

export type UpstreamAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly headers: RateLimitHeaders }
  | { readonly ok: false; readonly failure: UpstreamFailure; readonly headers: RateLimitHeaders };

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
  /** The same status as FinPro answers it, for a client. */
  statusDocument(organisationId: string, query: FiStatusQuery): Promise<UpstreamAnswer<FiStatusDocument>>;
  fiBalance(organisationId: string, consentId: string): Promise<UpstreamAnswer<readonly AccountBalance[]>>;
}

/** What the status of an FI request is asked by; at least one is given. */
export interface FiStatusQuery {
  readonly consentId?: string;
  readonly consentHandle?: string;
  readonly sessionId?: string;
}

/** FinPro's status answer as it is (docs/spec/fi-request-status.md): what isn't read here is passed on. */
export interface FiStatusDocument {
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
