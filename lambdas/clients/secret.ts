import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Client, type ClientSecret, validSecrets } from './client.ts';
import type { ClientSecrets } from './store.ts';

const SALT_BYTES = 16;
const SECRET_BYTES = 32;

const digest = (salt: string, secret: string): Buffer =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(secret).digest();

/** A new secret of 256 bits. It's shown once; only its hash is stored. */
export const generateSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What is stored of a secret. Secrets are random, so a fast hash is enough. */
export function hashSecret(secret: string): ClientSecret {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { salt, hash: digest(salt, secret).toString('hex'), validUntil: null };
}

export const randomSecrets: ClientSecrets = {
  issue: () => {
    const secret = generateSecret();
    return { secret, stored: hashSecret(secret) };
  },
};

/** Stands in for an unknown client, so that the answer takes as long. */
const NOBODY = { secrets: [{ salt: '00', hash: '00'.repeat(SECRET_BYTES), validUntil: null }] };

/** Whether a secret is one of the client's valid ones, in constant time. */
export function isSecretOf(client: Client | null, secret: string, now: number): boolean {
  return validSecrets(client ?? NOBODY, now)
    .map(({ salt, hash }) => timingSafeEqual(digest(salt, secret), Buffer.from(hash, 'hex')))
    .includes(true);
}
