import type { APIGatewayProxyResult } from 'aws-lambda';
import type { ErrorDetails } from '../errors.ts';

/** The version of this API in every answer (seeds, schedule bulk FI requests). */
export const API_VERSION = '1.0';

/** What every answer begins with. `timestamp` is ISO 8601 in UTC, `txnid` a UUID. */
export interface Transaction {
  /** `API_VERSION`, but where the seeds show another. */
  readonly ver: string;
  readonly txnid: string;
  readonly timestamp: string;
}

export const answer = (
  statusCode: number,
  { ver, timestamp, txnid }: Transaction,
  content: object,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyResult => ({
  statusCode,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify({ ver, timestamp, txnid, ...content }),
});

export const errorAnswer = (
  statusCode: number,
  transaction: Transaction,
  errorCode: string,
  errorMsg: string,
  errorDetails?: ErrorDetails,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyResult =>
  answer(statusCode, transaction, { errorCode, errorMsg, ...(errorDetails ? { errorDetails } : {}) }, headers);
