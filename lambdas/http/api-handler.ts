import type { APIGatewayProxyResult } from 'aws-lambda';
import { instrumented, logger } from '../adapters/telemetry.ts';
import { type ErrorKind, ServiceError } from '../core/errors.ts';
import type { Clock, Ids } from '../core/ports.ts';
import { type ApiEvent, parseApiEvent } from './api-event.ts';
import type { Authenticate, Caller } from './authenticate.ts';
import { answer, errorAnswer, type Transaction } from './envelope.ts';

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

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'too-many': 429,
  unavailable: 503,
};

/** A Lambda's synchronous answer, the body escaped in it, is at most 6 MB (AWS Lambda quotas). */
const LARGEST_ANSWER = 6 * 1024 * 1024;

/**
 * The one way to make an API handler. Credentials are looked at before anything else; every answer, errors included, is in the envelope;
 * only errors meant for the caller show their text; anything else is a 500 and a log line with its cause.
 */
export function apiHandler(ports: ApiPorts, run: (call: ApiCall) => Promise<ApiResult>) {
  return instrumented(async (proxyEvent): Promise<APIGatewayProxyResult> => {
    const event = parseApiEvent(proxyEvent);
    const transaction: Transaction = {
      txnid: event.requestId ?? ports.ids.uuid(),
      timestamp: new Date(ports.clock.now()).toISOString(),
    };
    logger.appendKeys({ txnid: transaction.txnid });
    try {
      const caller = await ports.authenticate(event.headers);
      logger.appendKeys({ organisationId: caller.organisationId });
      const result = await run({ caller, event, transaction });
      return withinLimit(answer(200, result.transaction ?? transaction, result.content, result.headers));
    } catch (error) {
      return failure(error, transaction);
    }
  });
}

function failure(error: unknown, transaction: Transaction): APIGatewayProxyResult {
  if (error instanceof ServiceError) {
    logger.info('refused', { errorCode: error.code, kind: error.kind });
    return errorAnswer(STATUS[error.kind], transaction, error.code, error.message, error.details);
  }
  logger.error('the request failed', { error: error instanceof Error ? error : String(error) });
  return errorAnswer(
    500,
    transaction,
    'InternalError',
    'The request could not be processed because of a fault on our side; it is safe to repeat it',
  );
}

function withinLimit(result: APIGatewayProxyResult): APIGatewayProxyResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= LARGEST_ANSWER) return result;
  throw new ServiceError('invalid', 'InvalidRequest', 'The page is larger than 6 MB; ask for a smaller limit', {
    field: 'limit',
  });
}
