import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Authenticate, Caller } from '#lambdas/clients/authenticate.ts';
import { type ClientRate, tooManyClientCalls } from '#lambdas/clients/rate-limit.ts';
import { type ErrorKind, ServiceError } from '../errors.ts';
import type { Clock, Ids } from '../system.ts';
import { instrumented, logger } from '../telemetry.ts';
import { API_VERSION, answer, errorAnswer, type Transaction } from './envelope.ts';
import { type ApiEvent, parseApiEvent } from './event.ts';

/** What an API handler is given: an authenticated call. */
export interface ApiCall {
  readonly caller: Caller;
  readonly event: ApiEvent;
  readonly transaction: Transaction;
}

/** What it gives back. `transaction` replaces the call's own where an earlier answer is repeated. */
export interface ApiResult {
  readonly content: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly transaction?: Transaction;
}

export interface ApiPorts {
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Where a path differs from the others. */
export interface ApiOptions {
  /** The version in its answers. */
  readonly ver?: string;
  /** Counts each authenticated call against a rate limit of its organisation. */
  readonly countCall?: (organisationId: string) => Promise<ClientRate>;
}

type HttpHeaders = Readonly<Record<string, string>>;

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'too-many': 429,
  'upstream-failed': 502,
  'upstream-timeout': 504,
};

/** A Lambda's synchronous answer, the body escaped in it, is at most 6 MB (AWS Lambda quotas). */
const LARGEST_ANSWER = 6 * 1024 * 1024;

/**
 * The one way to make an API handler. Credentials are looked at before anything else, then the rate limit where there is one; every answer,
 * errors included, is in the envelope; only errors meant for the caller show their text; anything else is a 500 and a log line with its cause.
 */
export function apiHandler(
  ports: ApiPorts,
  run: (call: ApiCall) => Promise<ApiResult>,
  { ver = API_VERSION, countCall }: ApiOptions = {},
) {
  return instrumented(async (proxyEvent): Promise<APIGatewayProxyResult> => {
    const event = parseApiEvent(proxyEvent);
    const transaction: Transaction = {
      ver,
      txnid: event.requestId ?? ports.ids.uuid(),
      timestamp: new Date(ports.clock.now()).toISOString(),
    };
    let headers: HttpHeaders = {};
    logger.appendKeys({ txnid: transaction.txnid });
    try {
      const caller = await ports.authenticate(event.headers);
      logger.appendKeys({ organisationId: caller.organisationId, clientId: caller.clientId });
      const rate = await countCall?.(caller.organisationId);
      if (rate) headers = rateHeaders(rate);
      if (rate?.isOver) throw tooManyClientCalls(rate, ports.clock.now());
      const result = await run({ caller, event, transaction });
      const all = { ...headers, ...result.headers };
      const reply = withinLimit(answer(200, result.transaction ?? transaction, result.content, all));
      logger.info('answered', { status: reply.statusCode });
      return reply;
    } catch (error) {
      return failure(error, transaction, headers);
    }
  });
}

/** The headers of the seeds ("Rate Limiting"). The reset is a Unix timestamp in seconds. */
const rateHeaders = ({ limit, remaining, resetAt }: ClientRate): HttpHeaders => ({
  'X-RateLimit-Limit': String(limit),
  'X-RateLimit-Remaining': String(remaining),
  'X-RateLimit-Reset': String(Math.ceil(resetAt / 1000)),
});

function failure(error: unknown, transaction: Transaction, headers: HttpHeaders): APIGatewayProxyResult {
  if (error instanceof ServiceError) {
    const { kind, code, message, details, retryAfter } = error;
    logger.info('refused', { status: STATUS[kind], errorCode: code, kind });
    const wait: HttpHeaders =
      retryAfter === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfter / 1000))) };
    return errorAnswer(STATUS[kind], transaction, code, message, details, { ...headers, ...wait });
  }
  logger.error('the request failed', { error: error instanceof Error ? error : String(error) });
  return errorAnswer(
    500,
    transaction,
    'InternalError',
    'The request could not be processed because of a fault on our side; it is safe to repeat it',
    undefined,
    headers,
  );
}

function withinLimit(result: APIGatewayProxyResult): APIGatewayProxyResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= LARGEST_ANSWER) return result;
  throw new ServiceError('invalid', 'InvalidRequest', 'The page is larger than 6 MB; ask for a smaller limit', {
    field: 'limit',
  });
}
