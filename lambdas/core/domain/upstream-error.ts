import type { UpstreamFailure } from './fi-failure.ts';

/** Codes of FinPro that are counted by their own name. Any other is `Other`: a code is text from outside, and each name is a metric to be paid for. */
const KNOWN_CODES = [
  'ConsentExpired',
  'ConsentPaused',
  'ConsentRevoked',
  'DataFetchRequestInProgress',
  'InvalidConfigId',
  'InvalidConsentId',
  'InvalidConsentStatus',
  'InvalidConsentUse',
  'InvalidDateRange',
  'InvalidRequest',
  'NoDataFound',
] as const;

/** The names under which failed calls to the upstream are counted, each as `UpstreamError.<name>`. */
export const UPSTREAM_ERRORS = [
  ...KNOWN_CODES,
  'AnswerLost',
  'Other',
  'ServerError',
  'TooManyRequests',
  'Unauthorized',
  'Unreachable',
] as const;
export type UpstreamError = (typeof UPSTREAM_ERRORS)[number];

/** The name under which a failed call is counted. */
export function upstreamErrorOf(failure: UpstreamFailure): UpstreamError {
  if (failure.sent === 'no') return 'Unreachable';
  if (failure.sent === 'maybe') return 'AnswerLost';
  const { status, code } = failure;
  const known = KNOWN_CODES.find((each) => each === code);
  if (known) return known;
  if (status === 429 || code === 'TooManyRequests') return 'TooManyRequests';
  if (status === 401 || status === 403 || code === 'Unauthorized' || code === 'SignatureDoesNotMatch') {
    return 'Unauthorized';
  }
  return status >= 500 || status === 408 || code === 'ServiceUnavailable' ? 'ServerError' : 'Other';
}
