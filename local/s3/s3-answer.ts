import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { S3Error } from './s3-error.ts';

/** An answer of S3: XML as text, or the bytes of an object. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

/** Sends an answer. A client that goes away while it is sent is no error. */
export async function sendAnswer(
  response: ServerResponse,
  requestId: string,
  { status, headers = {}, body }: S3Answer,
): Promise<void> {
  const type = typeof body === 'string' && body !== '' ? { 'content-type': 'application/xml' } : {};
  response.writeHead(status, { 'x-amz-request-id': requestId, 'x-amz-id-2': requestId, ...type, ...headers });
  if (body === undefined || typeof body === 'string') response.end(body);
  else await pipeline(body, response).catch(() => response.destroy());
}

/** The answer to a request that failed. What S3 has no error for is the local cloud's own. */
export function errorAnswer(error: unknown, requestId: string): S3Answer {
  if (!(error instanceof S3Error)) console.error('local cloud:', error);
  const shown = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error));
  return { status: shown.status, headers: shown.headers, body: shown.toXml(requestId) };
}
