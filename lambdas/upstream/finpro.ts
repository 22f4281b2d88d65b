import type { RequestParameters } from '../batch/submission.ts';
import type { UpstreamFailure } from './failures.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';
import type { AccountBalance, FiStatus } from './session.ts';

export type UpstreamAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly headers: RateLimitHeaders }
  | { readonly ok: false; readonly failure: UpstreamFailure; readonly headers: RateLimitHeaders };

/** FinPro's calls for one organisation. None of them throws: every way a call can end is an answer. */
export interface FinPro {
  /**
   * Reads the organisation's credentials, unless they're at hand. It takes its time, so it's done before a rate window is
   * looked at: calls must arrive in the window that their tokens are of. Never throws: without credentials a call says so.
   */
  prepare(organisationId: string): Promise<void>;
  requestFi(organisationId: string, request: FiRequest): Promise<UpstreamAnswer<FiRequested>>;
  fiStatus(
    organisationId: string,
    of: { readonly sessionId: string } | { readonly consentId: string },
  ): Promise<UpstreamAnswer<FiStatus>>;
  /** The same status as FinPro sends it, for a client. */
  statusDocument(organisationId: string, query: FiStatusQuery): Promise<UpstreamAnswer<FiStatusDocument>>;
  fiBalance(organisationId: string, consentId: string): Promise<UpstreamAnswer<readonly AccountBalance[]>>;
}

/** What an FI request is raised with: a consent, and its row's effective parameters. */
export interface FiRequest extends RequestParameters {
  readonly consentId: string;
}

/** The session that an FI request has opened, and the consent that the answer names, if it names one. */
export interface FiRequested {
  readonly sessionId: string;
  readonly consentId: string | null;
}

/** Identifies an FI request; at least one is given. */
export interface FiStatusQuery {
  readonly consentId?: string;
  readonly consentHandle?: string;
  readonly sessionId?: string;
}

/** FinPro's status answer, unknown fields included (docs/spec/fi-request-status.md). */
export interface FiStatusDocument {
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
