import type { RetryEligibility } from '../chunk/row.ts';

/** What a client is told about a failed row. The message says what to change, if a change helps. */
export interface RowError {
  readonly code: string;
  readonly message: string;
}

/** Maximum length of a message, which bounds a chunk's outcome (docs/architecture.md, "The table"). */
export const MESSAGE_LIMIT = 300;

const CODE_LIMIT = 64;

/**
 * FinPro's error codes are free text, and may hold what belongs neither in a log nor in an answer: what doesn't look
 * like a code becomes `UpstreamError`. More than four digits in a row may be an account's or a telephone number.
 */
const readable = (code: string): string =>
  /^[a-z]([a-z_.-]|\d{1,4}(?!\d))*$/i.test(code) ? code.slice(0, CODE_LIMIT) : 'UpstreamError';

export const rowError = (code: string, message: string): RowError => ({
  code: readable(code),
  message: message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT - 1)}…` : message,
});

/**
 * Why an upstream call failed.
 * - sent `no`: it never left us (connection refused, DNS, TLS), so FinPro can't have processed it
 * - sent `maybe`: cut or timed out after sending, or answered by something that isn't FinPro
 * - sent `answered`: an error was answered; `code` and `message` are from FinPro's error body. Without a code it was
 *   something between us and FinPro that answered
 */
export type UpstreamFailure =
  | { readonly sent: 'no'; readonly message: string }
  | { readonly sent: 'maybe'; readonly timedOut: boolean; readonly message: string }
  | { readonly sent: 'answered'; readonly status: number; readonly code: string | null; readonly message: string };

/** What an upstream failure means for a row (docs/spec/upstream.md, "What a failure means for a row"). */
export type Verdict =
  | { readonly kind: 'not-processed'; readonly error: RowError }
  | { readonly kind: 'answer-lost'; readonly error: RowError }
  | { readonly kind: 'rate-limited' }
  | { readonly kind: 'unauthorized'; readonly error: RowError }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'no-data' }
  | {
      readonly kind: 'final';
      readonly eligibility: RetryEligibility;
      readonly error: RowError;
      readonly classified: boolean;
    };

interface Rule {
  readonly code: RegExp;
  readonly message?: RegExp;
  readonly eligibility: RetryEligibility;
  readonly remedy: string;
}

// A ONETIME consent is spent for good. The frequency of a PERIODIC one comes back.
const USED_UP = /^InvalidConsentUse$|quota/i;
const ONE_TIME = /one-?time/i;
const FREQUENCY = /frequency|periodic/i;
const NO_FETCH_LEFT = 'The consent allows no further fetch; ask for a new one.';
const NEXT_PERIOD =
  'The consent allows so many fetches per period; submit the row again once its next period has begun.';

/**
 * Codes that end a row; the first match wins. `InvalidRequest` may mean a bad date or a revoked consent: the message
 * tells.
 */
const FINAL_RULES: readonly Rule[] = [
  {
    code: /^InvalidDateRange$/,
    eligibility: 'YesWithModifications',
    remedy: 'Change fiDataRangeFrom and fiDataRangeTo to a range that the consent covers.',
  },
  { code: /^InvalidConsentId$/, eligibility: 'No', remedy: 'FinPro does not know the consent; ask for a new one.' },
  {
    code: /^(InvalidConsentStatus|ConsentRevoked|ConsentExpired)$/,
    eligibility: 'No',
    remedy: 'The consent is not active; ask for a new one.',
  },
  { code: /^ConsentPaused$/, eligibility: 'Yes', remedy: 'Try again when the customer has resumed the consent.' },
  { code: USED_UP, message: ONE_TIME, eligibility: 'No', remedy: NO_FETCH_LEFT },
  { code: USED_UP, message: FREQUENCY, eligibility: 'Yes', remedy: NEXT_PERIOD },
  { code: USED_UP, eligibility: 'No', remedy: NO_FETCH_LEFT },
  {
    code: /^InvalidConfig(Id|urationId)?$|^ConfigNotFound$/i,
    eligibility: 'YesWithModifications',
    remedy: 'Change configId to one that your FinPro administrator has given you.',
  },
  {
    code: /^(InvalidRequest|NotFound)$/,
    message: /config\s*-?_?id|configuration/i,
    eligibility: 'YesWithModifications',
    remedy: 'Change configId to one that your FinPro administrator has given you.',
  },
  {
    code: /^InvalidRequest$/,
    message: /revoked|expired|not active|inactive/i,
    eligibility: 'No',
    remedy: 'The consent is not active; ask for a new one.',
  },
  { code: /^InvalidRequest$/, message: ONE_TIME, eligibility: 'No', remedy: NO_FETCH_LEFT },
  { code: /^InvalidRequest$/, message: FREQUENCY, eligibility: 'Yes', remedy: NEXT_PERIOD },
  {
    code: /^InvalidRequest$/,
    message: /quota|exhausted|already (been )?used/i,
    eligibility: 'No',
    remedy: NO_FETCH_LEFT,
  },
  {
    code: /^InvalidRequest$/,
    message: /paused/i,
    eligibility: 'Yes',
    remedy: 'Try again when the customer has resumed the consent.',
  },
  {
    code: /^InvalidRequest$/,
    message: /\b(dates?|range)\b|fiDataRange/i,
    eligibility: 'YesWithModifications',
    remedy: 'Change fiDataRangeFrom and fiDataRangeTo to a range that the consent covers.',
  },
];

/**
 * Classifies a failure by how far the call got, its code and its message. What no rule matches is final, `Yes`,
 * unclassified. Without FinPro's error body nobody knows whether FinPro has processed the call, but for 401, 403, 429
 * and 503.
 */
export function classify(failure: UpstreamFailure): Verdict {
  if (failure.sent === 'no') return { kind: 'not-processed', error: rowError('ServiceUnavailable', failure.message) };
  if (failure.sent === 'maybe') return { kind: 'answer-lost', error: rowError('UpstreamTimeout', failure.message) };
  const { status, code, message } = failure;
  if (status === 429 || code === 'TooManyRequests') return { kind: 'rate-limited' };
  // Also with a 401 or 403: one that names the consent is about the row.
  if (code !== null && status < 500) {
    const rule = FINAL_RULES.find((each) => each.code.test(code) && (each.message?.test(message) ?? true));
    if (rule) {
      const text = message.trim().slice(0, MESSAGE_LIMIT - rule.remedy.length - 1);
      const error = rowError(code, `${text} ${rule.remedy}`.trim());
      return { kind: 'final', eligibility: rule.eligibility, error, classified: true };
    }
  }
  if (status === 401 || status === 403 || code === 'SignatureDoesNotMatch' || code === 'Unauthorized') {
    return { kind: 'unauthorized', error: rowError(code ?? 'Unauthorized', message) };
  }
  if (code === 'DataFetchRequestInProgress') return { kind: 'in-progress' };
  if (code === 'NoDataFound') return { kind: 'no-data' };
  if (status === 503 || code === 'ServiceUnavailable') {
    return { kind: 'not-processed', error: rowError(code ?? 'ServiceUnavailable', message) };
  }
  if (code === null || status >= 500 || status === 408) {
    return { kind: 'answer-lost', error: rowError(code ?? 'UpstreamError', message) };
  }
  return { kind: 'final', eligibility: 'Yes', error: rowError(code, message), classified: false };
}

/** Whether a call was answered 5xx, or by a gateway that may have passed it on or not. */
export const isServerError = (failure: UpstreamFailure): boolean =>
  failure.sent === 'answered' &&
  (failure.status >= 500 || (failure.code === null && classify(failure).kind === 'answer-lost'));

/**
 * FinPro's codes that are counted by name; any other counts as `Other`. Codes come from outside, and each name is a
 * metric we pay for.
 */
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

/** The names under which failed upstream calls are counted, as `UpstreamError.<name>`. */
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
  const isOfServer = code === null || status >= 500 || status === 408 || code === 'ServiceUnavailable';
  return isOfServer ? 'ServerError' : 'Other';
}
