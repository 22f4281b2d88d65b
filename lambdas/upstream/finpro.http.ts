import { subscribe } from 'node:diagnostics_channel';
import type * as z from 'zod';
import { inUtc } from '../batch/date-range.ts';
import { systemClock } from '../platform/system.ts';
import type { CredentialsOf } from './credentials.ts';
import type { UpstreamFailure } from './failures.ts';
import type { FinPro, UpstreamAnswer } from './finpro.ts';
import { errorAnswer, fiBalanceAnswer, fiRequestAnswer, fiStatusAnswer, fiStatusDocument } from './finpro-answers.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

export interface FinProOptions {
  /** May have a path, which comes before those of the calls. */
  readonly baseUrl: string;
  /** Milliseconds for one call. */
  readonly timeout: number;
  readonly credentialsOf: CredentialsOf;
}

const FI_STATUS = '/consent/firequest/status';

/** FinPro's single-consent calls (docs/spec/upstream.md). `fetch` keeps connections alive between calls. */
export function finProClient({ baseUrl, timeout, credentialsOf }: FinProOptions): FinPro {
  const call = async <T>(
    organisationId: string,
    path: string,
    body: object,
    answer: z.ZodType<T>,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<UpstreamAnswer<T>> => {
    let headers: Readonly<Record<string, string>>;
    try {
      headers = { ...(await credentialsOf(organisationId)), ...extra };
    } catch {
      return withoutCredentials();
    }
    const url = `${baseUrl.replace(/\/+$/, '')}${path}`;
    const result = await callUpstream({ url, headers, body, timeout, answer });
    if (!result.ok && result.failure.sent === 'answered' && [401, 403].includes(result.failure.status)) {
      credentialsOf.forget(organisationId);
    }
    return result;
  };

  return {
    prepare: async (organisationId) => {
      try {
        await credentialsOf(organisationId);
      } catch {
        // The call that needs them reads them again, and tells.
      }
    },
    requestFi: (organisationId, { consentId, fiDataRangeFrom, fiDataRangeTo, configId }) =>
      call(
        organisationId,
        '/fi/request',
        {
          consentId,
          ...(fiDataRangeFrom === null ? {} : { fiDataRangeFrom: inUtc(fiDataRangeFrom) }),
          ...(fiDataRangeTo === null ? {} : { fiDataRangeTo: inUtc(fiDataRangeTo, 'to') }),
        },
        fiRequestAnswer,
        configId === null ? {} : { 'x-config-id': headerText(configId) },
      ),
    fiStatus: (organisationId, of) => call(organisationId, FI_STATUS, of, fiStatusAnswer),
    statusDocument: (organisationId, by) => call(organisationId, FI_STATUS, by, fiStatusDocument),
    fiBalance: (organisationId, consentId) =>
      call(organisationId, '/getfibalance', { consentID: consentId }, fiBalanceAnswer),
  };
}

/** Without credentials nothing is sent. That counts like refused credentials, which don't cost the row an attempt. */
const withoutCredentials = <T>(): UpstreamAnswer<T> => ({
  ok: false,
  failure: {
    sent: 'answered',
    status: 401,
    code: 'Unauthorized',
    message: "The organisation's upstream credentials could not be read.",
  },
  headers: { limit: null, remaining: null, resetAt: null },
});

/** Header values are printable ASCII; anything else is percent-encoded. */
const headerText = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value.toWellFormed());

export interface UpstreamCall<T> {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  /** For the whole call, in milliseconds. */
  readonly timeout: number;
  readonly answer: z.ZodType<T>;
}

/**
 * Errors of connecting: the name, the connection or its TLS handshake. The request hadn't been written, so FinPro can't
 * have processed it. Codes don't tell: `EHOSTUNREACH` or `EPROTO` may strike an established connection, too. The client
 * behind `fetch` says so on this channel before it fails the request (undici, "Diagnostics Channel Support").
 */
const connectErrors = new WeakSet<object>();
subscribe('undici:client:connectError', (message) => {
  if (typeof message !== 'object' || message === null || !('error' in message)) return;
  const { error } = message;
  if (typeof error === 'object' && error !== null) connectErrors.add(error);
});

const NO_HEADERS: RateLimitHeaders = { limit: null, remaining: null, resetAt: null };

/** Makes one call and reads its body, whatever the status. Never throws: every way a call can end is an answer. */
export async function callUpstream<T>({
  url,
  headers,
  body,
  timeout,
  answer,
}: UpstreamCall<T>): Promise<UpstreamAnswer<T>> {
  let limits = NO_HEADERS;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    limits = rateLimitHeaders(response.headers, systemClock.now());
    const text = await boundedText(response);
    if (text === null) return failed(limits, TOO_LONG);
    const content = parseJson(text);
    const error = errorAnswer.safeParse(content);
    if (error.success) return failed(limits, answered(response.status, error.data.errorCode, error.data.errorMsg));
    if (!response.ok) return failed(limits, answered(response.status, null, `FinPro answered HTTP ${response.status}`));
    const parsed = answer.safeParse(content);
    return parsed.success
      ? { ok: true, value: parsed.data, headers: limits }
      : failed(limits, { sent: 'maybe', timedOut: false, message: 'The answer did not come from FinPro.' });
  } catch (error) {
    return failed(limits, networkFailure(error));
  }
}

const failed = <T>(headers: RateLimitHeaders, failure: UpstreamFailure): UpstreamAnswer<T> => ({
  ok: false,
  failure,
  headers,
});

const answered = (status: number, code: string | null, message: string): UpstreamFailure => ({
  sent: 'answered',
  status,
  code,
  message,
});

/** FinPro's longest answers, a status with 100 accounts, take some 30 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const TOO_LONG: UpstreamFailure = { sent: 'maybe', timedOut: false, message: 'The answer was longer than 1 MB.' };

/** The text of an answer; null when it's longer than 1 MB, and then the rest isn't read and the connection is cut. */
async function boundedText({ body }: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** FinPro's answers have four levels. `JSON.stringify`, which passes one on, fails at some thousands. */
const MAX_DEPTH = 64;

/** The value of a JSON text; undefined for HTML, truncated or empty text, and for what is nested too deep. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    let level = [value];
    for (let depth = 0; level.length > 0 && depth <= MAX_DEPTH; depth += 1) {
      level = level.flatMap((each): unknown[] => (typeof each === 'object' && each ? Object.values(each) : []));
    }
    return level.length > 0 ? undefined : value;
  } catch {
    return undefined;
  }
}

/** `fetch` wraps a network error as its cause. A time-out has no cause and may strike at any point. */
function networkFailure(error: unknown): UpstreamFailure {
  const code = codeOf(error);
  const cause = error instanceof Error ? error.cause : null;
  return typeof cause === 'object' && cause !== null && connectErrors.has(cause)
    ? { sent: 'no', message: `FinPro could not be reached (${code}).` }
    : { sent: 'maybe', timedOut: code === 'TimeoutError', message: `FinPro's answer was lost (${code}).` };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause: unknown = error.cause ?? error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return error.name;
}

/**
 * `X-RateLimit-Reset` is a Unix timestamp in seconds, possibly with decimals (docs/spec/upstream.md, "Rate limit"), by
 * FinPro's clock.
 * @returns `resetAt` by our clock
 */
function rateLimitHeaders(headers: Headers, now: number): RateLimitHeaders {
  const number = (name: string): number | null => {
    const value = Number(headers.get(name) ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : null;
  };
  const reset = number('x-ratelimit-reset');
  return {
    limit: number('x-ratelimit-limit'),
    remaining: number('x-ratelimit-remaining'),
    resetAt: reset === null ? null : reset * 1000 - clockOffset(headers.get('date'), now),
  };
}

/** `Date` has whole seconds (RFC 9110, 5.6.7). A difference of up to 2 s is one that all clocks may have. */
const DATE_RESOLUTION = 1000;
const SMALL_DIFFERENCE = 2000;

/** By how many milliseconds FinPro's clock is ahead of ours, as its `Date` shows it; 0 where it shows nothing. */
function clockOffset(date: string | null, now: number): number {
  const offset = Date.parse(date ?? '') + DATE_RESOLUTION / 2 - now;
  return Math.abs(offset) > SMALL_DIFFERENCE ? offset : 0;
}
