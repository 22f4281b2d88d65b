import type { APIGatewayProxyResult } from 'aws-lambda';
import { type AuthenticationPorts, authenticator, type Caller } from '#lambdas/clients/authenticate.ts';
import { type ClientRate, type Counted, countClientCall, tooManyClientCalls } from '#lambdas/clients/rate-limit.ts';
import { type ErrorDetails, type ErrorKind, ServiceError } from '../errors.ts';
import type { Ids } from '../system.ts';
import { instrumented, logger } from '../telemetry.ts';
import { EVERY_ANSWER } from './answer-headers.ts';
import { type ApiEvent, parseApiEvent } from './event.ts';

/** `ver` in every answer (docs/spec/overview.md, "Answers"). */
const API_VERSION = '1.0';

/** How every answer begins. `timestamp` is ISO 8601 in UTC, `txnid` a UUID. */
export interface Transaction {
  /** `API_VERSION`, except where the specification of a path has another. */
  readonly ver: string;
  readonly txnid: string;
  readonly timestamp: string;
}

/** An authenticated call. */
export interface ApiCall {
  readonly caller: Caller;
  readonly event: ApiEvent;
  readonly transaction: Transaction;
  /**
   * Counts the call against a limit of its own, too.
   * @throws ServiceError `TooManyRequests`
   */
  count(as: Counted): Promise<void>;
}

/** The answer to a call. `transaction` replaces the call's own where an earlier answer is repeated. */
export interface ApiResult {
  readonly content: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly transaction?: Transaction;
}

export interface ApiPorts extends AuthenticationPorts {
  readonly ids: Ids;
}

/** How a path differs from the others. */
export interface ApiOptions {
  /** What its calls are counted as. */
  readonly countedAs: Counted;
  /** `ver` in its answers. */
  readonly ver?: string;
}

type HttpHeaders = Readonly<Record<string, string>>;

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  unsupported: 415,
  'too-many': 429,
  'upstream-failed': 502,
  'upstream-timeout': 504,
};

/** Lambda's synchronous response, with the body escaped in it, has at most 6 MB (AWS Lambda quotas). */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

/**
 * The one way to create an API handler. Checks credentials before anything else, then the rate limit. Every answer, errors included, is in the envelope. Only errors meant for clients show their text; anything else
 * is a 500 and a log line with the cause (docs/decisions/0014-our-own-authentication.md).
 */
export function apiHandler(
  ports: ApiPorts,
  { countedAs, ver = API_VERSION }: ApiOptions,
  run: (call: ApiCall) => Promise<ApiResult>,
) {
  const authenticate = authenticator(ports);
  return instrumented(async (proxyEvent): Promise<APIGatewayProxyResult> => {
    const event = parseApiEvent(proxyEvent);
    const transaction: Transaction = {
      ver,
      txnid: ports.ids.uuid(),
      timestamp: new Date(ports.clock.now()).toISOString(),
    };
    let headers: HttpHeaders = {};
    logger.appendKeys({ txnid: transaction.txnid, gatewayRequestId: event.gatewayRequestId });
    try {
      const caller = await authenticate(event);
      logger.appendKeys({ organisationId: caller.organisationId, clientId: caller.clientId });
      const count = async (as: Counted): Promise<void> => {
        const rate = await countClientCall(ports, caller, as);
        headers = rateHeaders(rate);
        if (rate.isOver) throw tooManyClientCalls(rate, ports.clock.now());
      };
      await count(countedAs);
      const result = await run({ caller, event, transaction, count });
      const all = { ...headers, ...result.headers };
      const reply = withinLimit(answer(200, result.transaction ?? transaction, result.content, all));
      logger.info('answered', { status: reply.statusCode });
      return reply;
    } catch (error) {
      return failure(error, transaction, headers);
    }
  });
}

/** docs/spec/overview.md, "Rate limits". The reset is a Unix timestamp in seconds. */
const rateHeaders = ({ limit, remaining, resetAt }: ClientRate): HttpHeaders => ({
  'X-RateLimit-Limit': String(limit),
  'X-RateLimit-Remaining': String(remaining),
  'X-RateLimit-Reset': String(Math.ceil(resetAt / 1000)),
});

function failure(error: unknown, transaction: Transaction, headers: HttpHeaders): APIGatewayProxyResult {
  if (error instanceof ServiceError) {
    const { kind, code, message, details, retryAfter, beside } = error;
    logger.info('refused', { status: STATUS[kind], errorCode: code, kind });
    const wait: HttpHeaders =
      retryAfter === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfter / 1000))) };
    return errorAnswer(STATUS[kind], transaction, code, message, details, { ...headers, ...wait }, beside);
  }
  logger.error('the request failed', { error: error instanceof Error ? error : String(error) });
  return errorAnswer(
    500,
    transaction,
    'InternalError',
    'Something went wrong on our side; it is safe to send the request again',
    undefined,
    headers,
  );
}

function withinLimit(result: APIGatewayProxyResult): APIGatewayProxyResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= MAX_RESPONSE_BYTES) return result;
  throw new ServiceError('invalid', 'InvalidRequest', 'The page exceeds 6 MB; use a smaller limit', {
    field: 'limit',
  });
}

const answer = (
  statusCode: number,
  { ver, timestamp, txnid }: Transaction,
  content: object,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyResult => ({
  statusCode,
  headers: { 'Content-Type': 'application/json', ...EVERY_ANSWER, ...headers },
  body: JSON.stringify({ ver, timestamp, txnid, ...content }),
});

const errorAnswer = (
  statusCode: number,
  transaction: Transaction,
  errorCode: string,
  errorMsg: string,
  errorDetails?: ErrorDetails,
  headers: Readonly<Record<string, string>> = {},
  beside: ErrorDetails = {},
): APIGatewayProxyResult =>
  answer(
    statusCode,
    transaction,
    { errorCode, errorMsg, ...(errorDetails ? { errorDetails } : {}), ...beside },
    headers,
  );
