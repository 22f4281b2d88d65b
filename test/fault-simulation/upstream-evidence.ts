import type { FiRequest } from '#lambdas/upstream/finpro.ts';
import type { FinProCall } from '../world/finpro.ts';
import { UNKNOWN_CODE } from './consent-scripts.ts';

/** What the upstream's own record says of the calls for one consent, in the order in which they arrived. */
export interface Evidence {
  readonly requests: readonly FinProCall[];
  /** FI requests that opened a session. */
  readonly openings: readonly FinProCall[];
  readonly probes: readonly FinProCall[];
  /** Polls by session that were not answered, for whatever reason, or about another session. */
  readonly unanswered: readonly FinProCall[];
  readonly balances: readonly FinProCall[];
  /** Status answers by session or by consent: what was told of each session, and when. */
  readonly told: readonly FinProCall[];
  /** Polls that were refused with a code that no rule knows. */
  readonly doubts: readonly FinProCall[];
}

/** @param isOwn whether an FI request counts; looks and answers count whoever asked */
export function evidenceOf(all: readonly FinProCall[], isOwn: (request: FiRequest) => boolean): Evidence {
  const calls = all.filter(({ request }) => request === null || isOwn(request));
  const requests = calls.filter(({ kind }) => kind === 'request');
  return {
    requests,
    openings: requests.filter(({ opened }) => opened !== null),
    probes: calls.filter(({ kind }) => kind === 'status-by-consent'),
    unanswered: calls.filter(
      ({ kind, failure, told }) => kind === 'status-by-session' && (failure !== null || told === null),
    ),
    balances: calls.filter(({ kind }) => kind === 'balance'),
    told: calls.filter(({ told }) => told !== null),
    doubts: calls.filter(
      ({ kind, failure }) =>
        kind === 'status-by-session' && failure?.sent === 'answered' && failure.code === UNKNOWN_CODE,
    ),
  };
}

/** How an FI request ended, by what the upstream knows of it (docs/spec/upstream.md, "What a failure means for a row"). */
export type RequestEnd = 'opened' | 'lost' | 'not-processed' | 'put-off' | 'running' | 'refused';

export function endOf({ opened, failure }: FinProCall): RequestEnd {
  if (opened !== null) return 'opened';
  if (failure === null) return 'refused';
  if (failure.sent === 'no') return 'not-processed';
  if (failure.sent === 'maybe') return 'lost';
  const { status, code } = failure;
  if (status === 429 || (status === 401 && code === 'Unauthorized')) return 'put-off';
  if (status === 503) return 'not-processed';
  // Without FinPro's error body somebody else has answered.
  if (status >= 500 || code === null) return 'lost';
  return code === 'DataFetchRequestInProgress' ? 'running' : 'refused';
}

/** A reconcile that says that there is no session, or none that could be the one. */
export const saysNothing = ({ failure, told }: FinProCall): boolean =>
  told !== null || (failure?.sent === 'answered' && failure.code === 'NoDataFound');
