import { createHash } from 'node:crypto';
import { invalidRequest } from '../platform/errors.ts';
import type { Headers } from '../platform/http/event.ts';
import type { Transaction } from '../platform/http/route.ts';

// A client that lost our answer may send the same request again (docs/spec/overview.md, "Repeating a submission").

/** Identifies a repeated submission, and the answer it gets again. */
export interface Idempotency {
  readonly key: string;
  /** SHA-256 of the parsed content. */
  readonly content: string;
  readonly txnid: string;
}

const MAX_KEY_LENGTH = 255;

/**
 * The identity of a submission: its `Idempotency-Key` header and a hash of its content. Null without the header.
 * @throws ServiceError `InvalidRequest` when the header is empty or too long
 */
export function idempotencyOf(headers: Headers, txnid: string, content: () => string): Idempotency | null {
  const key = headers.get('idempotency-key');
  if (key === undefined) return null;
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidRequest(`Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters`, { field: 'Idempotency-Key' });
  }
  return { key, content: content(), txnid };
}

/** How long a repeated submission gets the first answer again. */
const REPLAY_PERIOD = 24 * 3_600_000;

/** What a submission has become: a batch that was accepted, or an upload that was reserved. */
interface Submitted {
  readonly idempotency: Idempotency | null;
  /** Epoch milliseconds. */
  readonly acceptedAt: number;
}

/** Whether a submission repeats an earlier one: same key and same content, within a day. */
export const isRepeatOf = (
  { idempotency: known, acceptedAt }: Submitted,
  given: Idempotency | null,
  now: number,
): boolean =>
  given !== null &&
  known !== null &&
  known.key === given.key &&
  known.content === given.content &&
  now - acceptedAt < REPLAY_PERIOD;

/** Marks the answer to a repeated submission. */
export const REPLAYED: Readonly<Record<string, string>> = { 'Idempotent-Replayed': 'true' };

/** The transaction of the answer that accepted a batch. A repeat gets the same one. */
export const acceptanceOf = ({ idempotency, acceptedAt }: Submitted, current: Transaction): Transaction => ({
  ver: current.ver,
  txnid: idempotency?.txnid ?? current.txnid,
  timestamp: new Date(acceptedAt).toISOString(),
});

/**
 * A reference for an upload without one. With an Idempotency-Key it follows from organisation and key, so that a repeat
 * finds it.
 */
export function generatedReference(organisationId: string, idempotencyKey: string | null, uuid: string): string {
  if (idempotencyKey === null) return `upload-${uuid}`;
  const hash = createHash('sha256')
    .update(JSON.stringify([organisationId, idempotencyKey]))
    .digest('hex');
  return `upload-${hash.slice(0, 40)}`;
}
