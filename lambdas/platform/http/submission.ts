import type { Batch, Idempotency } from '#lambdas/batch/batch.ts';
import { invalidRequest } from '../errors.ts';
import type { Transaction } from './envelope.ts';
import type { Headers } from './event.ts';

const LONGEST_KEY = 255;

/** Says that an answer is that of an earlier call (`design.md`, Idempotency-Key). */
export const REPLAYED: Readonly<Record<string, string>> = { 'Idempotent-Replayed': 'true' };

/**
 * What a submission can be recognised by when it is repeated: its `Idempotency-Key` header, 1 to 255 characters, and a hash of its content.
 * Null without the header.
 * @throws ServiceError `InvalidRequest` when the header is empty or too long
 */
export function idempotencyOf(headers: Headers, txnid: string, content: () => string): Idempotency | null {
  const key = headers.get('idempotency-key');
  if (key === undefined) return null;
  if (key.length === 0 || key.length > LONGEST_KEY) {
    throw invalidRequest(`Idempotency-Key must have 1 to ${LONGEST_KEY} characters`, { field: 'Idempotency-Key' });
  }
  return { key, content: content(), txnid };
}

/** How the answer that accepted a batch began. It is the same when it is repeated. */
export const acceptanceOf = (batch: Batch, own: Transaction): Transaction => ({
  ver: own.ver,
  txnid: batch.idempotency?.txnid ?? own.txnid,
  timestamp: new Date(batch.acceptedAt).toISOString(),
});
